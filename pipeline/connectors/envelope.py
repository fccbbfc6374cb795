"""Events delivered in our own envelope: passed on whole, after the checks of the topics."""

import msgspec

from pipeline.connectors.binding import Splitter
from pipeline.connectors.event_maker import FROM_CONNECTION, checked
from pipeline.connectors.fields import demanded, evaluated
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.form import EventForm
from pipeline.connectors.outcome import Draft, Fetched
from pipeline.ingest.decode import decode_event
from pipeline.ingest.pseudonyms import IDS
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event


class EnvelopeMaker:
    """An event that a mapping takes from an envelope (docs/events.md), with what it lacks set.

    With `each` it is an event for each part: `id` and `customer_id` are those of the part.
    """

    def __init__(self, form: EventForm, compiler: Compiler, where: str) -> None:
        """Compile where the envelope is. Raises MappingError."""
        given = {name: getattr(form, name) for name in ("envelope", "when", "each", *_OF_PARTS)}
        if form != EventForm(**given):
            reason = f"{where[2:]}: beside `envelope` there are only `when`, `each` and its ids"
            raise compiler.source.error(where, reason)
        self._when = compiler.condition(form.when, f"{where}.when")
        self._splitter = Splitter(form.each, compiler, f"{where}.each")
        compiler = self._splitter.compiler
        self._envelope = compiler.required(form.envelope, f"{where}.envelope")
        self._ids = compiler.values({_OF_PARTS[name]: given[name] for name in _OF_PARTS}, where)

    def make(self, scope: Scope, fetched: Fetched, draft: Draft) -> bool:
        """Add the events to the draft; return whether they apply, as `EventMaker.make` does."""
        if self._when is not None and not self._when(scope):
            return False
        for part in self._splitter.parts(scope, draft, fetched):
            try:
                draft.events.append(self._event(part))
            except Invalid as invalid:
                draft.refused.append(invalid)
        return True

    def _event(self, scope: Scope) -> Event:
        """Return the event of an envelope; a text is one that was no JSON. Raises Invalid."""
        envelope = evaluated("envelope", self._envelope, scope)
        if isinstance(envelope, str):
            return decode_event(envelope.encode(), None, now=scope.names["received_at"])
        if not isinstance(envelope, dict):
            raise Invalid(Reason.WRONG_TYPE, "An envelope is a JSON object: send {...}.")
        connection = scope.names["connection"]
        shared = {name: value for name in FROM_CONNECTION if (value := connection.get(name))}
        ids = {name: demanded(name, form, scope) for name, form in self._ids}
        fields = {**shared, **envelope, **ids}
        texts = {name for name in (*IDS, "event_id") if isinstance(fields.get(name), str)}
        if {"customer_id", "event_id"} <= texts:
            return checked(fields, texts & {*IDS}, scope)
        return decode_event(msgspec.json.encode(fields), None, now=scope.names["received_at"])


_OF_PARTS = {"id": "event_id", "customer_id": "customer_id"}
"""Keys of a mapping to fields of the envelope."""
