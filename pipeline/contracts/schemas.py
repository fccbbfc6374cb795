"""JSON Schemas of the topics, made from the structs, and what changes of them would break.

`python -m pipeline.contracts.schemas` writes them to `schemas/`. It refuses a change that breaks a
reader or a writer of the committed version: such a change needs a new version beside the old one.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any, cast

import msgspec

from pipeline.config.groups import ROOT
from pipeline.contracts.topics import TopicContract, load_topics
from pipeline.contracts.topology import (
    ACTIONS,
    ALERTS,
    DEAD_LETTERS,
    FEEDBACK,
    FOLLOW_UPS,
    HURRIED,
    INTERACTIONS,
    SCORED,
    URGENT,
)
from pipeline.follow_up.value import FollowUpEvent
from pipeline.model.action import Action
from pipeline.model.alert import CloudEvent
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.event import Event
from pipeline.model.reading import Scored

Schema = dict[str, Any]


PAYLOADS: Mapping[str, type[msgspec.Struct]] = {
    INTERACTIONS: Event,
    FEEDBACK: Event,
    SCORED: Scored,
    URGENT: Scored,
    HURRIED: Scored,
    ALERTS: CloudEvent,
    ACTIONS: Action,
    FOLLOW_UPS: FollowUpEvent,
    DEAD_LETTERS: DeadLetter,
}
"""What a message of each topic holds."""


_BOUNDS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern"),
    *("minLength", "maxLength", "minItems", "maxItems", "format", "contentEncoding"),
)


def schema_of(topic: str) -> Schema:
    """Return the JSON Schema (draft 2020-12) of a topic's messages."""
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": topic,
        **msgspec.json.schema(PAYLOADS[topic]),
    }
    # As it reads back from a file: tuples become lists.
    return cast(Schema, _dedented(msgspec.json.decode(msgspec.json.encode(schema))))


def _dedented(part: Any) -> Any:
    """Return a schema whose descriptions are docstrings without indent, as Python 3.13 has them."""
    if isinstance(part, list):
        return [_dedented(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: cleandoc(value)
        if name == "description" and isinstance(value, str)
        else _dedented(value)
        for name, value in part.items()
    }


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Say, one sentence each, what of `new` breaks someone who still holds to `old`.

    While a topic keeps messages and its readers and writers are deployed one by one, both versions
    are written and both are read: so what was required stays required, what was optional stays
    optional, and a field that both know keeps its values (types, choices, bounds, default), because
    one more breaks the reader of the old version and one fewer breaks the writer of it. Only
    optional fields may come and go. Schemas must not be recursive.
    """
    return list(_changes("$", _inline(old, old), _inline(new, new)))


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


def _changes(at: str, old: Schema, new: Schema) -> Iterator[str]:
    if old.get("default") != new.get("default"):
        yield f"{at}: the default changed, so an absent value means something else"
    before, after = _by_type(old), _by_type(new)
    yield from _fewer_or_more(at, before, after)
    for kind in before.keys() & after.keys():
        yield from _value_changes(at, before[kind], after[kind])
        yield from _field_changes(at, before[kind], after[kind])


def _by_type(schema: Schema) -> dict[str, Schema]:
    """Return what a value may be, by JSON type."""
    return {str(choice.get("type", "enum")): choice for choice in schema.get("anyOf", [schema])}


def _fewer_or_more(at: str, old: Iterable[object], new: Iterable[object]) -> Iterator[str]:
    before, after = set(map(str, old)), set(map(str, new))
    for value in sorted(before - after):
        yield f"{at}: {value} is no longer allowed, but writers of the old version send it"
    for value in sorted(after - before):
        yield f"{at}: {value} is now allowed, but readers of the old version refuse it"


def _value_changes(at: str, old: Schema, new: Schema) -> Iterator[str]:
    yield from _fewer_or_more(at, old.get("enum", ()), new.get("enum", ()))
    for bound in _BOUNDS:
        if old.get(bound) != new.get(bound):
            yield f"{at}: {bound} changed from {old.get(bound)} to {new.get(bound)}"
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            yield from _changes(f"{at}[]", old[inner], new[inner])
        elif old.get(inner) != new.get(inner):
            yield f"{at}: {inner} changed"


def _field_changes(at: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    for field in sorted(before - after):
        yield f"{at}.{field}: no longer required, but readers of the old version need it"
    for field in sorted(after - before):
        yield f"{at}.{field}: now required, but writers of the old version may leave it out"
    known = new.get("properties", {})
    for field, schema in old.get("properties", {}).items():
        if field in known:
            yield from _changes(f"{at}.{field}", schema, known[field])


def write_schemas(folder: Path) -> None:
    """Write the schema of every topic under `folder`.

    Raises ValueError, and writes none, where that would break the version that is there.
    """
    topics = load_topics(folder)
    broken = [
        f"{topic.name}: {change}"
        for topic in topics.values()
        if _file(folder, topic).exists()
        for change in breaking_changes(
            json.loads(_file(folder, topic).read_text()), schema_of(topic.name)
        )
    ]
    if broken:
        raise ValueError("\n".join([*broken, "Add a new version of the schema beside this one."]))
    for topic in topics.values():
        text = json.dumps(schema_of(topic.name), indent=2, ensure_ascii=False)
        _file(folder, topic).write_text(text + "\n")


def _file(folder: Path, topic: TopicContract) -> Path:
    return folder / topic.name / topic.schema


if __name__ == "__main__":
    try:
        write_schemas(ROOT / "schemas")
    except ValueError as error:
        sys.exit(str(error))
