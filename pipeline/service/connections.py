"""What people see of the connections: their state, what they bring, what becomes of it."""

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

    `address` is what to paste into the other system, or only its path where nothing says where the
    receiver is reached from outside; "" where the system does not send by itself.
    """

    name: str
    form: MappingForm | None
    refused: str
    address: str
    seen: Summary
    silent: bool


class Refused(NamedTuple):
    """A delivery that was refused; `place` is the file and line of the mapping, "" if unknown."""

    letter: DeadLetter
    place: str


class ConnectionDetail(NamedTuple):
    """What a connection brought of late, and what becomes of it by the mapping in force.

    `counted` are remarks on the deliveries that are kept, by kind and text; `sealed` says why they
    cannot be opened here.
    """

    state: ConnectionState
    refusals: list[Refused]
    newest: list[Preview]
    looked_at: int
    events: int
    counted: list[tuple[Kind, str, int]]
    sealed: str


NEWEST = 10
"""Deliveries that are shown."""


@dataclass(frozen=True)
class Connections:
    """Connections, their traffic and the seal of what they brought. Thread-safe."""

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
        """Why the file of connections is not in force, or the figures not up to date; else ""."""
        return self.book.failure or (self.traffic.problem if self.book.connections else "") or ""

    def states(self, now: datetime) -> list[ConnectionState]:
        """Return all connections by name, those without a name last."""
        names, forms = {*self.book.connections, *self.book.refused}, self.systems
        return [self._state(name, forms, now) for name in sorted(names)]

    def silent(self, now: datetime) -> list[str]:
        """Return the connections that are silent for too long, by their rhythm."""
        if self.problem:
            return []
        return [state.name for state in self.states(now) if state.silent]

    def _state(self, name: str, forms: Mapping[str, MappingForm], now: datetime) -> ConnectionState:
        """Return a connection that is there, or is refused."""
        connection = self.book.connections.get(name)
        form = forms.get(connection.system) if connection else None
        address = ""
        if connection and form and "webhook" in form.transports:
            address = str(connection.settings.get("public_url") or f"/in/{name}")
        seen = self.traffic.summary(name, now, self.zone)
        refused = self.book.refused.get(name, "")
        return ConnectionState(name, form, refused, address, seen, seen.is_silent(now))

    def detail(self, name: str, now: datetime) -> ConnectionDetail | None:
        """Return what a connection brought, None where there is no such connection."""
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
        """Return what is kept of a connection, and why it cannot be opened."""
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
    """Return what opens the seal: with the first connection, `nabiz up` makes its key."""
    return lambda: open_seal(settings)
