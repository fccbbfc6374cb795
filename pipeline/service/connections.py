"""The connections as people see them: their state, traffic, and results."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from pipeline.config.settings import Settings, SettingsError
from pipeline.connectors.language.form import MappingForm
from pipeline.connectors.sealing import Seal, open_seal
from pipeline.connectors.setup.catalogue import catalogue
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.connectors.watch.preview import Kind, Preview, previewed
from pipeline.connectors.watch.traffic import Summary, Traffic
from pipeline.model.dead_letter import DeadLetter, Invalid


class ConnectionState(NamedTuple):
    """A connection. `refused` says why its entry is not in force.

    `address` is what to paste into the other system, or only its path if the public address of the
    receiver is not set; "" if the system does not send by itself.
    """

    name: str
    form: MappingForm | None
    refused: str
    address: str
    seen: Summary
    silent: bool


class Refused(NamedTuple):
    """A refused delivery; `place` is the file and line of the mapping, "" if unknown."""

    letter: DeadLetter
    place: str


class ConnectionDetail(NamedTuple):
    """The recent deliveries of a connection, and their results by the mapping in force.

    `counted` are remarks on the stored deliveries, by kind and text; `sealed` says why they cannot
    be opened here.
    """

    state: ConnectionState
    refusals: list[Refused]
    newest: list[Preview]
    looked_at: int
    events: int
    counted: list[tuple[Kind, str, int]]
    sealed: str


NEWEST = 10
"""Most deliveries to show."""


@dataclass(frozen=True)
class Connections:
    """Connections, their traffic, and the seal of their deliveries. Thread-safe."""

    book: ConnectionBook
    traffic: Traffic
    folder: Path
    zone: tzinfo
    seal: Callable[[], Seal]

    @property
    def systems(self) -> dict[str, MappingForm]:
        """The systems that can be connected."""
        return catalogue(self.folder)

    @property
    def problem(self) -> str:
        """The reason why the file of connections is refused or the figures are outdated, or ""."""
        return self.book.failure or (self.traffic.problem if self.book.connections else "") or ""

    def states(self, now: datetime) -> list[ConnectionState]:
        """Return all connections by name, those without a name last."""
        names, forms = {*self.book.connections, *self.book.refused}, self.systems
        return [self._state(name, forms, now) for name in sorted(names)]

    def silent(self, now: datetime) -> list[str]:
        """Return the connections that have been silent for too long by their rhythm."""
        if self.problem:
            return []
        return [state.name for state in self.states(now) if state.silent]

    def _state(self, name: str, forms: Mapping[str, MappingForm], now: datetime) -> ConnectionState:
        """Return the state of a connection, in force or refused."""
        connection = self.book.connections.get(name)
        form = forms.get(connection.system) if connection else None
        address = ""
        if connection and form and "webhook" in form.transports:
            address = str(connection.settings.get("public_url") or f"/in/{name}")
        seen = self.traffic.summary(name, now, self.zone)
        refused = self.book.refused.get(name, "")
        return ConnectionState(name, form, refused, address, seen, seen.is_silent(now))

    def detail(self, name: str, now: datetime) -> ConnectionDetail | None:
        """Return the details of a connection, None if there is none."""
        if name not in self.book.connections and name not in self.book.refused:
            return None
        previews, sealed = self._previews(name)
        places = {
            (preview.payload.encode(), remark.text): remark.place
            for preview in previews
            for remark in preview.remarks
        }
        counted = Counter(
            (remark.kind, remark.text) for preview in previews for remark in preview.remarks
        )
        return ConnectionDetail(
            self._state(name, self.systems, now),
            [
                Refused(letter, places.get((letter.payload, str(letter.reason)), ""))
                for letter in self.traffic.refusals(name)
            ],
            previews[:NEWEST],
            len(previews),
            sum(len(preview.events) for preview in previews),
            [(*what, count) for what, count in counted.most_common()],
            sealed,
        )

    def _previews(self, name: str) -> tuple[list[Preview], str]:
        """Return previews of the stored deliveries, or why they cannot be opened."""
        previews: list[Preview] = []
        try:
            seal = self.seal()
            for sealed in self.traffic.kept(name):
                previews.append(previewed(sealed, seal, self.book))
        except SettingsError as error:
            return [], str(error)
        except Invalid as invalid:
            return previews, invalid.detail
        return previews, ""


def seal_of(settings: Settings) -> Callable[[], Seal]:
    """Return a function that opens the seal; `nabiz up` makes its key with the first connection."""
    return lambda: open_seal(settings)
