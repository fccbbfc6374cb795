"""Checks whether a change of a JSON Schema breaks readers or writers of the old version."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from pipeline.contracts.topics import Compatibility
from pipeline.model.open_enum import EXTENSIBLE

Schema = dict[str, Any]
Party = Literal["readers", "writers"]

_READERS: Final[frozenset[Party]] = frozenset({"readers"})
_WRITERS: Final[frozenset[Party]] = frozenset({"writers"})
_BOTH: Final = _READERS | _WRITERS
_UNBROKEN: Final[Mapping[Compatibility, frozenset[Party]]] = {
    "full": _BOTH,
    "backward": _WRITERS,
    "forward": _READERS,
    "none": frozenset(),
}
"""Which clients of the old version must keep working, strictest compatibility first."""

_BOUNDS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern"),
    *("minLength", "maxLength", "minItems", "maxItems", "format", "contentEncoding"),
)


class Change(NamedTuple):
    """A change of a schema, and which clients of the old version it breaks."""

    sentence: str
    breaks: frozenset[Party]


def breaking_changes(old: Schema, new: Schema, compatibility: Compatibility = "full") -> list[str]:
    """Return one sentence for each change of `new` that breaks a client of `old`.

    While a topic holds messages and its clients are deployed one by one, both versions are written
    and both are read. So required fields stay required, optional ones stay optional, and a field in
    both versions keeps its values (types, closed choices, bounds, default): an added value breaks
    readers of the old version, a removed one its writers. Optional fields may be added and removed,
    open choices may be added. `backward` allows breaking readers of the old version, `forward` its
    writers, `none` both. Schemas must not be recursive.
    """
    changes = _changes("$", _inline(old, old), _inline(new, new))
    return [change.sentence for change in changes if change.breaks & _UNBROKEN[compatibility]]


def compatibility_of(old: Schema, new: Schema) -> Compatibility:
    """Return the strictest compatibility of `new` with `old`."""
    return next(level for level in _UNBROKEN if not breaking_changes(old, new, level))


def _inline(node: Any, root: Schema) -> Any:
    """Replace references by their definitions."""
    if isinstance(node, list):
        return [_inline(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    inlined = {key: _inline(value, root) for key, value in node.items() if key != "$defs"}
    if "$ref" not in node:
        return inlined
    target = root["$defs"][inlined.pop("$ref").removeprefix("#/$defs/")]
    return {**_inline(target, root), **inlined}


def _changes(at: str, old: Schema, new: Schema) -> Iterator[Change]:
    if old.get("default") != new.get("default"):
        yield Change(f"{at}: the default changed, so an absent value means something else", _BOTH)
    before, after = _by_type(old), _by_type(new)
    yield from _fewer_or_more(at, before, after)
    for kind in before.keys() & after.keys():
        if "enum" in {**before[kind], **after[kind]}:
            yield from _choice_changes(at, before[kind], after[kind])
        else:
            yield from _value_changes(at, before[kind], after[kind])
        yield from _field_changes(at, before[kind], after[kind])


def _by_type(schema: Schema) -> dict[str, Schema]:
    """Return the allowed schemas by JSON type; choices without a type are strings."""
    return {str(choice.get("type", "string")): choice for choice in schema.get("anyOf", [schema])}


def _fewer_or_more(at: str, old: Iterable[object], new: Iterable[object]) -> Iterator[Change]:
    before, after = set(map(str, old)), set(map(str, new))
    for value in sorted(before - after):
        sentence = f"{at}: {value} is no longer allowed, but writers of the old version send it"
        yield Change(sentence, _WRITERS)
    for value in sorted(after - before):
        sentence = f"{at}: {value} is now allowed, but readers of the old version refuse it"
        yield Change(sentence, _READERS)


def _choice_changes(at: str, old: Schema, new: Schema) -> Iterator[Change]:
    if "enum" in old and "enum" in new:
        yield from _fewer_or_more(at, old["enum"], new["enum"])
    elif "enum" in old:
        sentence = f"{at}: any value is now allowed, but readers of the old version refuse it"
        yield Change(sentence, _READERS)
    elif "enum" in new:
        sentence = (
            f"{at}: only some values are now allowed, but writers of the old version send all"
        )
        yield Change(sentence, _WRITERS)


def _value_changes(at: str, old: Schema, new: Schema) -> Iterator[Change]:
    for bound in _BOUNDS:
        if old.get(bound) != new.get(bound):
            yield Change(f"{at}: {bound} changed from {old.get(bound)} to {new.get(bound)}", _BOTH)
    for value in sorted({*old.get(EXTENSIBLE, ())} - {*new.get(EXTENSIBLE, ())}):
        sentence = f"{at}: {value} is no longer known, but writers of the old version send it"
        yield Change(sentence, _WRITERS)
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            yield from _changes(f"{at}[]", old[inner], new[inner])
        elif old.get(inner) != new.get(inner):
            yield Change(f"{at}: {inner} changed", _BOTH)


def _field_changes(at: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    for field in sorted(before - after):
        sentence = f"{at}.{field}: no longer required, but readers of the old version need it"
        yield Change(sentence, _READERS)
    for field in sorted(after - before):
        sentence = f"{at}.{field}: now required, but writers of the old version may leave it out"
        yield Change(sentence, _WRITERS)
    fields = new.get("properties", {})
    for field, schema in old.get("properties", {}).items():
        if field in fields:
            yield from _changes(f"{at}.{field}", schema, fields[field])
