"""Topics are contracts: what is declared, what is written and what is read agree."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from pipeline.config.groups import ROOT
from pipeline.contracts.compatibility import breaking_changes, compatibility_of
from pipeline.contracts.schemas import PAYLOADS, schema_of, write_schemas
from pipeline.contracts.topics import TopicError, load_topics
from pipeline.contracts.topology import ALERTS, FEEDBACK, INTERACTIONS
from pipeline.ingest.decode import decode_event
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import SCALES
from pipeline.model.open_enum import EXTENSIBLE

FOLDER = ROOT / "schemas"
TOPICS = load_topics(FOLDER)
VALID = sorted(FOLDER.glob("*/examples/*.json"))
INVALID = sorted(FOLDER.glob("*/examples/invalid/*.json"))
ASYNCAPI = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())


def committed(topic: str, version: int = 0) -> dict[str, Any]:
    """A version of a topic's schema, the newest unless another is asked for."""
    file = FOLDER / topic / TOPICS[topic].schemas[version - 1].file
    schema: dict[str, Any] = json.loads(file.read_text())
    return schema


def key_in(value: bytes) -> bytes:
    """The customer that a message names, where it can be read at all."""
    try:
        return str(json.loads(value)["customer_id"]).encode()
    except (ValueError, KeyError):
        return b"m-1"


def test_every_topic_of_the_chain_is_declared() -> None:
    assert set(TOPICS) == set(PAYLOADS)


@pytest.mark.parametrize("topic", PAYLOADS)
def test_the_committed_schema_is_what_the_structs_say(topic: str) -> None:
    assert committed(topic) == schema_of(topic), "run python -m pipeline.contracts.schemas"


@pytest.mark.parametrize("topic", PAYLOADS)
def test_each_version_is_as_compatible_with_the_one_before_as_it_says(topic: str) -> None:
    first, *later = TOPICS[topic].schemas
    assert first.compatibility == "none"
    for schema in later:
        before, after = committed(topic, schema.version - 1), committed(topic, schema.version)
        assert compatibility_of(before, after) == schema.compatibility


@pytest.mark.parametrize("topic", PAYLOADS)
def test_choices_are_open_but_for_the_words_of_cloudevents(topic: str) -> None:
    assert {*choices_in(committed(topic), "enum")} <= {"1.0", "application/json"}
    assert {*choices_in(committed(topic, 1), "enum")} <= {
        *choices_in(committed(topic), "enum"),
        *choices_in(committed(topic), EXTENSIBLE),
    }


def choices_in(schema: Any, word: str) -> Iterator[str]:
    """All values that a schema lists under a word, wherever it stands."""
    if isinstance(schema, dict):
        yield from schema.get(word, ())
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, dict | list):
            yield from choices_in(part, word)


@pytest.mark.parametrize("topic", PAYLOADS)
def test_what_is_declared_personal_is_a_field_and_only_that_may_be_erased(topic: str) -> None:
    privacy = TOPICS[topic].privacy
    assert set(privacy.erasable) <= set(privacy.personal)
    for path in privacy.personal:
        payload: Any = PAYLOADS[topic]
        for name in path.split("."):
            payload = {f.name: f.type for f in msgspec.structs.fields(payload)}[name]


@pytest.mark.parametrize("path", VALID, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_examples_are_valid_by_schema_and_by_reader(path: Path) -> None:
    topic, value = path.parts[-3], path.read_bytes()
    jsonschema.Draft202012Validator(committed(topic)).validate(json.loads(value))
    msgspec.json.decode(value, type=PAYLOADS[topic])
    if topic in (INTERACTIONS, FEEDBACK):
        decode_event(value, key_in(value), now=datetime(2026, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize("path", INVALID, ids=lambda path: str(path.stem))
def test_invalid_examples_are_refused_for_the_reason_in_their_name(path: Path) -> None:
    value = path.read_bytes()
    with pytest.raises(Invalid) as caught:
        decode_event(value, key_in(value), now=datetime(2026, 6, 1, tzinfo=UTC))
    assert caught.value.reason == path.stem.partition("--")[0]


def test_every_reason_that_a_file_can_show_has_an_example_and_every_topic_a_valid_one() -> None:
    not_in_a_file = {"too_large", "empty", "missing_key", "key_mismatch"}
    shown = {path.stem.partition("--")[0] for path in INVALID}
    assert shown == set(Reason) - not_in_a_file
    assert {path.parts[-3] for path in VALID} == set(TOPICS)


def test_a_wrong_topic_file_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "cx.other"
    folder.mkdir()
    text = (FOLDER / ALERTS / "topic.yaml").read_text()
    (folder / "topic.yaml").write_text(text)
    with pytest.raises(TopicError, match=r"topic\.yaml: `name` is cx\.alerts"):
        load_topics(tmp_path)
    (folder / "topic.yaml").write_text(text.replace("owner:", "ovner:"))
    with pytest.raises(TopicError, match=r"topic\.yaml: .*ovner"):
        load_topics(tmp_path)
    (folder / "topic.yaml").unlink()
    (folder / "topic.yaml").mkdir()  # cannot be read, as a file of another user
    with pytest.raises(TopicError, match=r"topic\.yaml: cannot be read"):
        load_topics(tmp_path)


def test_asyncapi_says_the_same_as_the_topic_files() -> None:
    channels = {channel["address"]: channel for channel in ASYNCAPI["channels"].values()}
    assert set(channels) == set(TOPICS)
    for name, topic in TOPICS.items():
        kafka = channels[name]["bindings"]["kafka"]
        assert (kafka["topic"], kafka["partitions"]) == (name, topic.partitions)
        settings = kafka["topicConfiguration"]
        assert settings["cleanup.policy"] == [topic.config["cleanup.policy"]]
        for setting in ("retention.ms", "max.message.bytes"):
            assert settings[setting] == int(topic.config[setting])
        (reference,) = channels[name]["messages"].values()
        message = resolve(reference)
        assert message["payload"]["schema"]["$ref"] == f"./{name}/{topic.schemas[-1].file}"
        assert resolve(message["bindings"])["kafka"]["key"]["description"] == topic.key


def test_asyncapi_has_an_operation_for_every_channel() -> None:
    acted_on = {operation["channel"]["$ref"] for operation in ASYNCAPI["operations"].values()}
    assert acted_on == {f"#/channels/{name}" for name in ASYNCAPI["channels"]}


def resolve(reference: dict[str, str]) -> dict[str, Any]:
    node: Any = ASYNCAPI
    for part in reference["$ref"].removeprefix("#/").split("/"):
        node = node[part]
    assert isinstance(node, dict)
    return node


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


def test_the_page_for_senders_knows_every_reason_and_scale() -> None:
    page = (ROOT / "docs" / "events.md").read_text()
    for name in Reason:
        assert f"`{name}`" in page
    for metric, (low, high) in SCALES.items():
        assert f"| `{metric}` | {low:g}–{high:g} |" in page
