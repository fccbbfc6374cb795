"""Maps a thing of a delivery: splits it into parts, and makes the events of each."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipeline.connectors.binding import Splitter
from pipeline.connectors.envelope import EnvelopeMaker
from pipeline.connectors.event_maker import EventMaker
from pipeline.connectors.fields import pseudonyms_of
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.condition import Condition
from pipeline.connectors.language.expression import Scope, Value
from pipeline.connectors.language.form import EventForm, Thing
from pipeline.connectors.outcome import Draft, Fetched, Memory, Remembered
from pipeline.model.dead_letter import Invalid, Reason


class _Ignore(NamedTuple):
    when: Condition | None
    reason: str


class _Remember(NamedTuple):
    when: Condition | None
    kind: str
    key: Value
    value: Value


class _Erase(NamedTuple):
    when: Condition | None
    customer_id: Value


class ThingMapper:
    """Splits a delivery into parts, and makes the events of each."""

    def __init__(self, form: Thing, compiler: Compiler, where: str) -> None:
        """Compile a thing. Raises MappingError."""
        self._line = compiler.source.line(where)
        self._splitter = Splitter(form.each, compiler, f"{where}.each")
        compiler = self._splitter.compiler
        self._when, self._when_part = _conditions(form, compiler, where)
        self._kind = compiler.value(form.kind, f"{where}.kind")
        self._kind_text = f"`{form.kind}`"
        self._ignore = tuple(
            _Ignore(compiler.condition(entry.when, f"{where}.ignore[{n}].when"), entry.reason)
            for n, entry in enumerate(form.ignore)
        )
        self._events = tuple(
            _maker(_with_common(form.common, event), compiler, f"{where}.events[{n}]")
            for n, event in enumerate(form.events)
        )
        self._remember = tuple(
            _Remember(
                compiler.condition(entry.when, f"{where}.remember[{n}].when"),
                compiler.memory(entry.kind, f"{where}.remember[{n}].kind"),
                compiler.required(entry.key, f"{where}.remember[{n}].key"),
                compiler.required(entry.value, f"{where}.remember[{n}].value"),
            )
            for n, entry in enumerate(form.remember)
        )
        self._erase = tuple(
            _Erase(
                compiler.condition(entry.when, f"{where}.erase[{n}].when"),
                compiler.required(entry.customer_id, f"{where}.erase[{n}].customer_id"),
            )
            for n, entry in enumerate(form.erase)
        )

    def map(self, scope: Scope, fetched: Fetched, draft: Draft) -> None:
        """Add the results of each part of a delivery to the draft."""
        self._map_parts(scope, fetched, draft)
        for refusal in draft.refused:
            refusal.line = refusal.line or self._line

    def _map_parts(self, scope: Scope, fetched: Fetched, draft: Draft) -> None:
        try:
            if not _all_hold(self._when, scope):
                return
        except ValueError as error:
            draft.refused.append(_undecided(error))
            return
        for part in self._splitter.parts(scope, draft, fetched):
            try:
                if _all_hold(self._when_part, part):
                    self._map_part(part, fetched, draft)
            except Invalid as invalid:
                draft.refused.append(invalid)
            except ValueError as error:
                draft.refused.append(_undecided(error))

    def _map_part(self, scope: Scope, fetched: Fetched, draft: Draft) -> None:
        pseudonyms = pseudonyms_of(scope)
        for memory in self._remember:
            if _holds(memory.when, scope):
                key, value = memory.key(scope), memory.value(scope)
                if key is not None and value is not None:
                    value = pseudonyms.id_of(memory.kind, str(value))
                    draft.remembered.append(Remembered(Memory(memory.kind, str(key)), value))
        for ignored in self._ignore:
            if _holds(ignored.when, scope):
                draft.ignored.append(ignored.reason)
                return
        known = False
        for erase in self._erase:
            if _holds(erase.when, scope) and (customer := erase.customer_id(scope)) is not None:
                known = True
                draft.erased.append(pseudonyms.id_of("customer_id", str(customer)))
        for event in self._events:
            known = event.make(scope, fetched, draft) or known
        if not known and (self._events or self._kind):
            draft.unmapped.append(self._kind_of(scope))

    def _kind_of(self, scope: Scope) -> str:
        """Return the kind of an unmapped thing. Raises Invalid if it is missing."""
        kind = self._kind(scope) if self._kind else "unknown"
        if kind is None:
            raise Invalid(Reason.MISSING_FIELD, f"{self._kind_text} is missing: {_UNTOLD}.")
        return str(kind)


_UNTOLD = "nothing says what happened"


def _undecided(error: ValueError) -> Invalid:
    return Invalid(Reason.WRONG_TYPE, f"The delivery: {error}.")


def _conditions(
    form: Thing, compiler: Compiler, where: str
) -> tuple[list[Condition], list[Condition]]:
    """Return the conditions without names of `each`, and those with some."""
    of_all: list[Condition] = []
    of_parts: list[Condition] = []
    texts: dict[str, str | None]
    if isinstance(form.when, tuple):
        texts = {f"{where}.when[{n}]": text for n, text in enumerate(form.when)}
    else:
        texts = {f"{where}.when": form.when}
    for place, text in texts.items():
        if condition := compiler.condition(text, place):
            reads_parts = any(path.root in form.each for path in condition.paths)
            (of_parts if reads_parts else of_all).append(condition)
    return of_all, of_parts


def _all_hold(conditions: Iterable[Condition], scope: Scope) -> bool:
    return all(condition(scope) for condition in conditions)


def _holds(when: Condition | None, scope: Scope) -> bool:
    return when is None or when(scope)


def _maker(form: EventForm, compiler: Compiler, where: str) -> EventMaker | EnvelopeMaker:
    return (EventMaker if form.envelope is None else EnvelopeMaker)(form, compiler, where)


def _with_common(common: EventForm, event: EventForm) -> EventForm:
    """Return the form of an event with the common fields of its thing."""
    shared = {
        name: value
        for name in EventForm.__struct_fields__
        if getattr(event, name) in (None, {}) and (value := getattr(common, name)) is not None
    }
    attributes = {**common.attributes, **event.attributes}
    return msgspec.structs.replace(event, **{**shared, "attributes": attributes})
