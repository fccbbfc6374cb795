"""Events delivered in our own envelope: passed on whole, after the checks of the topics."""

from typing import Any

import msgspec

from pipeline.connectors.event_maker import FROM_CONNECTION, IDS, checked
from pipeline.connectors.fields import evaluated
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.form import EventForm
from pipeline.connectors.outcome import Draft, Fetched
from pipeline.ingest.decode import decode_event
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event


class EnvelopeMaker:
    """Takes events from envelopes (docs/events.md), with missing fields filled in."""

    def __init__(self, form: EventForm, compiler: Compiler, where: str) -> None:
        """Compile the path to the envelope. Raises MappingError."""
        if form != EventForm(envelope=form.envelope, when=form.when):
            reason = f"{where[2:]}: beside `envelope` there is only `when`"
            raise compiler.source.error(where, reason)
        self._when = compiler.condition(form.when, f"{where}.when")
        self._envelope = compiler.required(form.envelope, f"{where}.envelope")

    def make(self, scope: Scope, fetched: Fetched, draft: Draft) -> bool:  # noqa: ARG002
        """Add the event to the draft; return whether it applies, as `EventMaker.make` does."""
        if self._when is not None and not self._when(scope):
            return False
        try:
            draft.events.append(_event(evaluated("envelope", self._envelope, scope), scope))
        except Invalid as invalid:
            draft.refused.append(invalid)
        return True


def _event(envelope: Any, scope: Scope) -> Event:
    """Return the event of an envelope; a text is a line that was not JSON. Raises Invalid."""
    if isinstance(envelope, str):
        return decode_event(envelope.encode(), None, now=scope.names["received_at"])
    if not isinstance(envelope, dict):
        raise Invalid(Reason.WRONG_TYPE, "An envelope is a JSON object: send {...}.")
    connection = scope.names["connection"]
    shared = {name: value for name in FROM_CONNECTION if (value := connection.get(name))}
    fields = {**shared, **envelope}
    texts = {name for name in (*IDS, "event_id") if isinstance(fields.get(name), str)}
    if {"customer_id", "event_id"} <= texts:
        return checked(fields, IDS & texts, scope)
    return decode_event(msgspec.json.encode(fields), None, now=scope.names["received_at"])
