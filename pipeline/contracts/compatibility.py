"""What a change of a JSON Schema breaks, for readers and writers of the version before."""

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
"""Who of the version before must be able to go on, the closest compatibility first."""

_BOUNDS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern"),
    *("minLength", "maxLength", "minItems", "maxItems", "format", "contentEncoding"),
)


class Change(NamedTuple):
    """A change of a schema, and who of those that still hold to the old one cannot live with it."""

    sentence: str
    breaks: frozenset[Party]


def breaking_changes(old: Schema, new: Schema, compatibility: Compatibility = "full") -> list[str]:
    """Say, one sentence each, what of `new` breaks somebody who still holds to `old`.

    While a topic keeps messages and its readers and writers are deployed one by one, both versions
    are written and both are read: so what was required stays required, what was optional stays
    optional, and a field that both know keeps its values (types, closed choices, bounds, default),
    because one more breaks the reader of the old version and one fewer breaks the writer of it.
    Optional fields may come and go, and open choices may come. `backward` lets readers of the old
    version break, `forward` its writers, `none` both. Schemas must not be recursive.
    """
    changes = _changes("$", _inline(old, old), _inline(new, new))
    return [change.sentence for change in changes if change.breaks & _UNBROKEN[compatibility]]


def compatibility_of(old: Schema, new: Schema) -> Compatibility:
    """Return the closest compatibility that `new` has with `old`."""
    return next(one for one in _UNBROKEN if not breaking_changes(old, new, one))


def _inline(node: Any, root: Schema) -> Any:
    """Put what a reference means in its place."""
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
    """Return what a value may be, by JSON type; choices without one are strings."""
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
    known = new.get("properties", {})
    for field, schema in old.get("properties", {}).items():
        if field in known:
            yield from _changes(f"{at}.{field}", schema, known[field])
