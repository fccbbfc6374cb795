"""A mapping of a system's deliveries to events, compiled from `connectors/SYSTEM/mapping.yaml`."""

import collections.abc as abc
from pathlib import Path as File
from typing import Any

from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import ROOTS, Delivery, document_of
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.mapping_file import MappingError, MappingSource
from pipeline.connectors.language.origins import Origin, named_origins, set_origins
from pipeline.connectors.language.path import Path
from pipeline.connectors.outcome import Draft, Fetched, Recall
from pipeline.connectors.polls.access import access_of
from pipeline.connectors.polls.mailbox import Mailbox
from pipeline.connectors.polls.poll import Poll
from pipeline.connectors.thing import ThingMapper
from pipeline.connectors.verify.gate import Gate
from pipeline.model.dead_letter import Invalid
from pipeline.model.event import Event

__all__ = ["Mapping", "MappingError"]


class Mapping:
    """A compiled mapping.

    `settings` are what a connection of the system may set, `needs` those without which a function
    of the mapping cannot be, `defaults` what holds where one is not set. `headers` are those of
    which events are made, in lower case, `query` the parameters of the address.
    """

    def __init__(self, file: File, content: bytes) -> None:
        """Compile a mapping file. Raises MappingError."""
        self.source = MappingSource(file, content)
        self.form = self.source.form
        self.system = self.form.system
        compiler = Compiler(self.source)
        self._things = tuple(
            ThingMapper(form, compiler, f"$.things[{n}]") for n, form in enumerate(self.form.things)
        )
        guard = Compiler(self.source)
        self.gate = Gate(guard)
        """The authentication of senders."""
        self.paths: abc.Mapping[Path, int] = {**guard.paths, **compiler.paths}
        """The paths that the mapping reads, with their lines."""
        self.defaults: abc.Mapping[str, Any] = {
            name: setting.default
            for name, setting in self.form.settings.items()
            if setting.default is not None
        }
        of_rows = (path.keys[0] for path in compiler.paths if path.keys and path.root not in ROOTS)
        self.columns = frozenset({*compiler.columns, *of_rows})
        """Names that it looks for in rows of tables."""
        self.needs = frozenset(compiler.needs - self.defaults.keys())
        shown = Compiler(self.source)
        self.access = access_of(self.form.access, shown, "$.access")
        """The credentials for the API of the source."""
        asked = [
            (name, Poll(form, compiler, f"$.polls.{name}"))
            for name, form in self.form.polls.items()
        ]
        mailboxes = [
            (name, Mailbox(form, compiler, f"$.mailboxes.{name}"))
            for name, form in self.form.mailboxes.items()
        ]
        self.polls: abc.Mapping[str, Poll | Mailbox] = dict([*asked, *mailboxes])
        """The polls by name."""
        self._shown = {path.keys[0] for path in shown.paths if path.root == "connection"}
        self._origins = (*compiler.origins, *(one for _, poll in asked for one in poll.origins))
        self.headers = frozenset(name.lower() for name in compiler.keys_of("header"))
        self.query = compiler.keys_of("query")

    def origins(self, connection: Connection) -> dict[Origin, bool]:
        """Return the permitted origins, and whether each may be on a private network."""
        written = named_origins(self._origins, connection.names)
        named = set_origins(connection.settings.get(name) for name in self.form.settings)
        return {**dict.fromkeys(written, False), **dict.fromkeys(named, True)}

    def polled(self, connection: Connection) -> list[tuple[str, Any]]:
        """Return the polls of a connection, each with a part that is polled on its own.

        A poll that lacks a setting is left out.
        """
        return [
            (name, part)
            for name, poll in self.polls.items()
            if not self.lacked(poll, connection)
            for part in poll.parts(connection)
        ]

    def lacked(self, poll: Poll | Mailbox, connection: Connection) -> set[str]:
        """Return the missing settings without which a connection is not polled."""
        return {*poll.needs, *self._shown} - connection.settings.keys()

    def map(
        self,
        delivery: Delivery,
        connection: Connection,
        recall: Recall,
        fetched: Fetched,
        reached: set[Path] | None = None,
    ) -> Draft:
        """Map a delivery. Pure, and raises nothing, whatever was sent.

        `reached` collects the paths that led to a value.
        """
        draft = Draft()
        try:
            document = document_of(delivery)
        except Invalid as invalid:
            draft.refused.append(invalid)
            return draft
        names: dict[str, Any] = {
            **document,
            **connection.names,
            "system": self.system,
        }
        scope = Scope(names, recall, reached, [])
        for thing in self._things:
            thing.map(scope, fetched, draft)
        if draft.wanted:
            return Draft(wanted=list(dict.fromkeys(draft.wanted)))
        draft.events = list(_once(draft.events))
        if draft == Draft():
            draft.ignored.append("nothing_in_it")
        return draft


def _once(events: list[Event]) -> abc.Iterator[Event]:
    """Yield each event once, in its highest revision: a delivery may contain it repeatedly."""
    best: dict[str, Event] = {}
    for event in events:
        known = best.get(event.event_id)
        if known is None or event.revision > known.revision:
            best[event.event_id] = event
    yield from best.values()
