"""Topics are contracts: what is declared, what is written and what is read agree."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from pipeline.config.groups import ROOT
from pipeline.contracts.compatibility import compatibility_of
from pipeline.contracts.schemas import PAYLOADS, schema_of
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
    assert committed(topic) == schema_of(topic), "run: make generated"


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
    of_deliveries = {"unknown_connection", "mapping_failed", "look_up_failed"}
    shown = {path.stem.partition("--")[0] for path in INVALID}
    assert shown == set(Reason) - not_in_a_file - of_deliveries
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


def test_the_page_for_senders_knows_every_reason_and_scale() -> None:
    page = (ROOT / "docs" / "events.md").read_text()
    for name in Reason:
        assert f"`{name}`" in page
    for metric, (low, high) in SCALES.items():
        assert f"| `{metric}` | {low:g}–{high:g} |" in page
