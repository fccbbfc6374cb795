"""Generates the JSON Schemas of the topics from the structs.

`python -m pipeline.contracts.schemas` writes the newest version of each to `schemas/`. It refuses a
change that breaks readers or writers of that version: such a change needs a new version
(docs/contracts.md).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any, cast

import msgspec

from pipeline.config.groups import ROOT
from pipeline.contracts.compatibility import Schema, breaking_changes, compatibility_of
from pipeline.contracts.topics import SchemaVersion, TopicContract, load_topics
from pipeline.contracts.topology import (
    ACTIONS,
    ALERTS,
    CASES,
    DEAD_LETTERS,
    ERASURES,
    FEEDBACK,
    FOLLOW_UPS,
    HURRIED,
    INTERACTIONS,
    POLL_REQUESTS,
    RECEIVED,
    SCORED,
    URGENT,
)
from pipeline.follow_up.case import CaseEvent
from pipeline.follow_up.value import FollowUpEvent
from pipeline.model.action import Action
from pipeline.model.alert import AlertEvent
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.erasure import ErasureRequest
from pipeline.model.event import Event
from pipeline.model.open_enum import EXTENSIBLE, LONGEST_VALUE, WELL_FORMED, OpenEnum
from pipeline.model.poll_request import PollRequest
from pipeline.model.reading import Scored
from pipeline.model.sealed import Sealed

PAYLOADS: Mapping[str, type[msgspec.Struct]] = {
    POLL_REQUESTS: PollRequest,
    RECEIVED: Sealed,
    INTERACTIONS: Event,
    FEEDBACK: Event,
    SCORED: Scored,
    URGENT: Scored,
    HURRIED: Scored,
    ALERTS: AlertEvent,
    ACTIONS: Action,
    FOLLOW_UPS: FollowUpEvent,
    CASES: CaseEvent,
    DEAD_LETTERS: DeadLetter,
    ERASURES: ErasureRequest,
}
"""The struct of each topic's messages."""


def schema_of(topic: str) -> Schema:
    """Return the JSON Schema (draft 2020-12) of a topic's messages."""
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": topic,
        **msgspec.json.schema(PAYLOADS[topic]),
    }
    # Encoded and decoded, so that tuples become lists as in a file.
    return _opened(cast(Schema, _dedented(msgspec.json.decode(msgspec.json.encode(schema)))))


def _opened(schema: Schema) -> Schema:
    """Return the schema with the choices of each `OpenEnum` open."""
    for kind in OpenEnum.__subclasses__():
        if choices := schema["$defs"].get(kind.__name__):
            choices |= {
                "type": "string",
                "pattern": WELL_FORMED,
                "maxLength": LONGEST_VALUE,
                EXTENSIBLE: choices.pop("enum"),
            }
    return schema


def _dedented(part: Any) -> Any:
    """Return the schema with dedented descriptions, as Python 3.13 dedents docstrings."""
    if isinstance(part, list):
        return [_dedented(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        name: cleandoc(value)
        if name == "description" and isinstance(value, str)
        else _dedented(value)
        for name, value in part.items()
    }


def write_schemas(folder: Path) -> None:
    """Write the newest schema of every topic under `folder`.

    Raises ValueError, and writes none, if a schema breaks its committed version, or is less
    compatible with the previous version than its topic.yaml declares.
    """
    topics = load_topics(folder)
    if broken := [sentence for topic in topics.values() for sentence in _refusals(folder, topic)]:
        raise ValueError("\n".join(broken))
    for topic in topics.values():
        text = json.dumps(schema_of(topic.name), indent=2, ensure_ascii=False)
        (folder / topic.name / topic.schemas[-1].file).write_text(text + "\n")


def _refusals(folder: Path, topic: TopicContract) -> Iterator[str]:
    """Yield why the newest schema of a topic cannot be written, and what to do."""
    new, newest = schema_of(topic.name), topic.schemas[-1]
    *_, before = (None, *topic.schemas[:-1])
    if before:
        for change in breaking_changes(
            _committed(folder, topic, before), new, newest.compatibility
        ):
            yield (
                f"{topic.name}: {change}. So version {newest.version} is not compatible with "
                f"version {before.version} as topic.yaml says: {newest.compatibility}."
            )
    if not (folder / topic.name / newest.file).exists():
        return
    committed = _committed(folder, topic, newest)
    if changes := breaking_changes(committed, new):
        yield from (f"{topic.name}: {change}" for change in changes)
        number, compatibility = newest.version + 1, compatibility_of(committed, new)
        yield (
            "Add a new version instead: append to `schemas` in "
            f"schemas/{topic.name}/topic.yaml\n  - {{version: {number}, file: "
            f"v{number}.schema.json, compatibility: {compatibility}}}\nand run this again. "
            "docs/contracts.md lists what else a new version needs."
        )


def _committed(folder: Path, topic: TopicContract, schema: SchemaVersion) -> Schema:
    content: Schema = json.loads((folder / topic.name / schema.file).read_text())
    return content


if __name__ == "__main__":
    try:
        write_schemas(ROOT / "schemas")
    except ValueError as error:
        sys.exit(str(error))
