"""Makes events of a thing, with the checks of the topics."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from pipeline.connectors.binding import Splitter
from pipeline.connectors.fields import (
    demanded,
    evaluated,
    moment,
    number,
    plain,
    pseudonyms_of,
    score_of,
    text_of,
)
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope, Value
from pipeline.connectors.language.form import EventForm, ScoreForm
from pipeline.connectors.language.functions.people import digest
from pipeline.connectors.outcome import Draft, Fetched
from pipeline.connectors.survey import SurveyReader
from pipeline.ingest.decode import decode_event
from pipeline.ingest.pseudonyms import IDS
from pipeline.model.dead_letter import Invalid
from pipeline.model.event import Event, Metric
from pipeline.model.event_types import EventType

_TEXTS = (
    *("channel", "type", "text", "title", "language", "touchpoint"),
    *("ticket_id", "order_id", "product", "segment", "account_id", "brand", "author_type"),
)
"""Text fields."""
FROM_CONNECTION = ("brand", "segment", "touchpoint")
"""Fields that a connection may set for all its events."""
_LONGEST_ID = 200
_ANSWERS = frozenset({EventType.SURVEY, EventType.REVIEW})
_SAID = frozenset({"score", "text", "revoked"})
"""Fields of which an answer has exactly one."""
_NO_ANSWER = "no_answer"
_ENCODER = msgspec.json.Encoder()


class EventMaker:
    """An event that a mapping describes."""

    def __init__(self, form: EventForm, compiler: Compiler, where: str) -> None:
        """Compile an event. Raises MappingError."""
        _check_names(form, compiler, where)
        self._line = compiler.source.line(where)
        self._when = compiler.condition(form.when, f"{where}.when")
        self._splitter = Splitter(form.each, compiler, f"{where}.each")
        compiler = self._splitter.compiler
        self._id = compiler.required(form.id, f"{where}.id")
        self._occurred_at = compiler.required(form.occurred_at, f"{where}.occurred_at")
        self._customer_id = compiler.required(form.customer_id, f"{where}.customer_id")
        self._texts = compiler.values({name: getattr(form, name) for name in _TEXTS}, where)
        self._revision = compiler.value(form.revision, f"{where}.revision")
        self._revoked = form.revoked
        self._attributes = compiler.values(form.attributes, f"{where}.attributes")
        self._score = _score_values(form.score, compiler, f"{where}.score")
        self._survey = form.answers and SurveyReader(form.answers, compiler, f"{where}.answers")

    def make(self, scope: Scope, fetched: Fetched, draft: Draft) -> bool:
        """Add the events of a thing to the draft; return whether they apply to it.

        Events that cannot be made are refused in the draft. Raises ValueError if the condition
        cannot be decided.
        """
        if self._when is not None and not self._when(scope):
            return False
        for part in self._splitter.parts(scope, draft, fetched):
            try:
                fields = dict(self._fields(part))
                if self._survey:
                    self._make_answers(self._survey, fields, part, draft)
                elif fields.get("type") in _ANSWERS and not fields.keys() & _SAID:
                    draft.ignored.append(_NO_ANSWER)
                else:
                    draft.events.append(checked(fields, fields.keys() & IDS, part))
            except Invalid as invalid:
                invalid.line = self._line
                draft.refused.append(invalid)
        return True

    def _make_answers(
        self, survey: SurveyReader, fields: dict[str, Any], scope: Scope, draft: Draft
    ) -> None:
        """Add an event for each answer of a response; an invalid one does not stop the others."""
        answers = list(survey.answers(scope, draft))
        for question, own in answers:
            try:
                own["event_id"] = f"{fields['event_id']}:{question}"
                draft.events.append(checked({**fields, **own}, fields.keys() & IDS, scope))
            except Invalid as invalid:
                detail = f"Question `{question}`: {invalid.detail}"
                draft.refused.append(Invalid(invalid.reason, detail))
        if not answers:
            draft.ignored.append(_NO_ANSWER)

    def _fields(self, scope: Scope) -> Iterator[tuple[str, Any]]:
        """Yield the fields of the envelope that have a value. Raises Invalid."""
        connection = scope.names["connection"]
        yield "source", scope.names["system"]
        yield "event_id", f"{scope.names['scope']}:{text_of('id', demanded('id', self._id, scope))}"
        yield (
            "occurred_at",
            moment("occurred_at", demanded("occurred_at", self._occurred_at, scope)),
        )
        why = "nothing says whose event this is"
        customer = demanded("customer_id", self._customer_id, scope, why)
        yield "customer_id", text_of("customer_id", customer) or ""
        for name in FROM_CONNECTION:
            if (value := connection.get(name)) is not None:
                yield name, value
        for name, form in self._texts:
            if (text := text_of(name, evaluated(name, form, scope))) is not None:
                yield name, text
        found = evaluated("revision", self._revision, scope) if self._revision else None
        revision = 0 if found is None else int(number("revision", found))
        if self._revoked:
            yield "revision", revision + 1  # than which no edit of the same second is higher
            yield "revoked", True
        elif revision:
            yield "revision", revision
        if attributes := dict(_attributes(self._attributes, scope)):
            yield "attributes", attributes
        score = {name: evaluated(f"score.{name}", form, scope) for name, form in self._score}
        if score.get("value") is not None:
            yield "score", score_of(score)


def _attributes(
    forms: tuple[tuple[str, Value], ...], scope: Scope
) -> Iterator[tuple[str, str | int | float | bool]]:
    for name, form in forms:
        value = plain(f"attributes.{name}", evaluated(f"attributes.{name}", form, scope))
        if value is not None:
            yield name, value


def checked(fields: dict[str, Any], ids: Iterable[str], scope: Scope) -> Event:
    """Return the event of an envelope, checked as a message. Raises Invalid.

    `ids` are the names of text ids, in which addresses of people are hashed.
    """
    pseudonyms, scoped = pseudonyms_of(scope), f"{scope.names['scope']}:"
    for name in ids:
        fields[name] = pseudonyms.id_of(name, fields[name])
    fields["event_id"] = event_id = pseudonyms.event_id_of(fields["event_id"], scoped)
    if len(event_id) > _LONGEST_ID:
        fields["event_id"] = scoped + digest(event_id)
    key = fields["customer_id"].encode()
    return decode_event(_ENCODER.encode(fields), key, now=scope.names["received_at"])


def _score_values(
    form: ScoreForm | None, compiler: Compiler, where: str
) -> tuple[tuple[str, Value], ...]:
    return compiler.values(msgspec.structs.asdict(form), where) if form else ()


def _check_names(form: EventForm, compiler: Compiler, where: str) -> None:
    """Raise MappingError for an unknown event type or metric."""
    type_, metric = form.type, form.score.metric if form.score else None
    if isinstance(type_, str) and "{" not in type_ and type_ not in tuple(EventType):
        reason = f"`{type_}` is no event type: docs/events.md lists them"
        raise compiler.source.error(f"{where}.type", reason)
    if isinstance(metric, str) and "{" not in metric and metric not in tuple(Metric):
        reason = f"`{metric}` is no metric: {', '.join(Metric)}"
        raise compiler.source.error(f"{where}.score.metric", reason)
