"""Versions of schemas: each is as compatible as it says, and none is written over."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.groups import ROOT
from pipeline.contracts.compatibility import breaking_changes, compatibility_of
from pipeline.contracts.schemas import schema_of, write_schemas
from pipeline.contracts.topics import TopicError, load_topics
from pipeline.contracts.topology import ALERTS, INTERACTIONS
from pipeline.model.open_enum import EXTENSIBLE

FOLDER = ROOT / "schemas"
TOPICS = load_topics(FOLDER)

Change = Callable[[dict[str, Any]], object]


def event_of(schema: dict[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = schema["$defs"]["Event"]
    return event


@pytest.mark.parametrize(
    "change",
    [
        lambda s: event_of(s)["properties"].update(mood={"type": "string", "default": ""}),
        lambda s: event_of(s)["properties"].pop("segment"),
        lambda s: event_of(s)["properties"]["text"].update(description="What was written"),
        lambda s: s["$defs"]["EventType"][EXTENSIBLE].reverse(),
        lambda s: s["$defs"]["EventType"][EXTENSIBLE].append("walk"),
    ],
    ids=["field added", "field removed", "described", "order of choices", "choice added"],
)
def test_changes_that_break_nobody(change: Change) -> None:
    new = copy.deepcopy(schema_of(INTERACTIONS))
    change(new)
    assert breaking_changes(schema_of(INTERACTIONS), new) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda s: event_of(s)["required"].remove("channel"),
            "$.channel: no longer required, but readers of the old version need it",
        ),
        (
            lambda s: event_of(s)["required"].append("brand"),
            "$.brand: now required, but writers of the old version may leave it out",
        ),
        (
            lambda s: s["$defs"]["Metric"][EXTENSIBLE].remove("ces"),
            "$.score.metric: ces is no longer known, but writers of the old version send it",
        ),
        (
            lambda s: s["$defs"]["Metric"].update(enum=["nps"]),
            "$.score.metric: only some values are now allowed, but writers of the old version send "
            "all",
        ),
        (
            lambda s: s["$defs"]["Score"]["properties"]["value"].update(type="string"),
            "$.score.value: number is no longer allowed, but writers of the old version send it",
        ),
        (
            lambda s: event_of(s)["properties"]["text"]["anyOf"].pop(),
            "$.text: null is no longer allowed, but writers of the old version send it",
        ),
        (
            lambda s: event_of(s)["properties"]["text"]["anyOf"][0].update(maxLength=30_000),
            "$.text: maxLength changed from 20000 to 30000",
        ),
        (
            lambda s: event_of(s)["properties"]["revision"].update(default=1),
            "$.revision: the default changed, so an absent value means something else",
        ),
        (
            lambda s: event_of(s)["properties"]["attributes"]["additionalProperties"][
                "anyOf"
            ].append({"type": "array"}),
            "$.attributes[]: array is now allowed, but readers of the old version refuse it",
        ),
    ],
)
def test_changes_that_break_someone_are_named(change: Change, sentence: str) -> None:
    new = copy.deepcopy(schema_of(INTERACTIONS))
    change(new)
    assert sentence in breaking_changes(schema_of(INTERACTIONS), new)


@pytest.mark.parametrize(
    ("old", "new", "compatibility"),
    [
        ({"enum": ["a"]}, {"enum": ["a"]}, "full"),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, "backward"),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, "forward"),
        ({"enum": ["a", "b"]}, {"enum": ["b", "c"]}, "none"),
        ({"enum": ["a"]}, {"type": "string", EXTENSIBLE: ["a"]}, "backward"),
        ({"type": "string", EXTENSIBLE: ["a"]}, {"enum": ["a"]}, "forward"),
        ({"type": "string"}, {"type": "integer"}, "none"),
        ({"required": ["a"]}, {"required": []}, "backward"),
        ({"required": []}, {"required": ["a"]}, "forward"),
        ({"default": 0}, {"default": 1}, "none"),
    ],
)
def test_compatibility_says_who_may_hold_to_the_version_before(
    old: dict[str, Any], new: dict[str, Any], compatibility: str
) -> None:
    assert compatibility_of(old, new) == compatibility


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A copy of the folder, in which files may be changed."""
    return Path(shutil.copytree(FOLDER, tmp_path / "schemas"))


def test_a_breaking_change_is_not_written_over_the_last_version(schemas: Path) -> None:
    newest = TOPICS[INTERACTIONS].schemas[-1]
    file = schemas / INTERACTIONS / newest.file
    old = copy.deepcopy(schema_of(INTERACTIONS))
    event_of(old)["required"].append("brand")
    file.write_text(json.dumps(old))
    with pytest.raises(ValueError, match=r"interactions: \$\.brand: no longer required") as told:
        write_schemas(schemas)
    assert json.loads(file.read_text()) == old
    file.unlink()
    write_schemas(schemas)
    assert file.read_bytes() == (FOLDER / INTERACTIONS / newest.file).read_bytes()

    # Whoever does what the refusal says has the new version beside the old one.
    file.write_text(json.dumps(old))
    (row,) = [line for line in str(told.value).splitlines() if line.startswith("  - ")]
    assert "compatibility: backward" in row
    declared = schemas / INTERACTIONS / "topic.yaml"
    last = next(line for line in declared.read_text().splitlines() if newest.file in line)
    declared.write_text(declared.read_text().replace(last, f"{last}\n{row}"))
    write_schemas(schemas)
    added = load_topics(schemas)[INTERACTIONS].schemas[-1]
    assert json.loads((schemas / INTERACTIONS / added.file).read_text()) == schema_of(INTERACTIONS)
    assert json.loads(file.read_text()) == old


def test_a_version_that_is_less_compatible_than_it_says_is_not_written(schemas: Path) -> None:
    declared = schemas / ALERTS / "topic.yaml"
    declared.write_text(
        declared.read_text().replace("compatibility: backward", "compatibility: full")
    )
    with pytest.raises(
        ValueError, match=r"cx\.alerts: .*not compatible with version 1 as topic\.yaml says: full"
    ):
        write_schemas(schemas)


@pytest.mark.parametrize("versions", ["[]", "[{version: 2, file: a.json, compatibility: none}]"])
def test_versions_are_counted_from_one(schemas: Path, versions: str) -> None:
    declared = schemas / ALERTS / "topic.yaml"
    head, _, rest = declared.read_text().partition("schemas:\n")
    declared.write_text(f"{head}schemas: {versions}\n{rest[rest.index('partitions:') :]}")
    with pytest.raises(TopicError, match=r"topic\.yaml: `schemas` must list the versions 1, 2"):
        load_topics(schemas)
