"""The role `understand` on real Kafka: what it reads in haste it reads again, and says so."""

import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from kafka import KafkaConsumer, KafkaProducer
from msgspec.structs import replace
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.broker.lag import LagReader
from pipeline.contracts.topology import (
    DEAD_LETTERS,
    FEEDBACK,
    GROUPS,
    HURRIED,
    INTERACTIONS,
    SCORED,
    group_of,
)
from pipeline.ingest.decode import encode_event
from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.role_on_kafka import worker
from tests.support.servers_kafka import topics_for_now

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
THREE = {("sure", False), ("doubtful", True), ("doubtful", False)}
"""Readings that have to come; the topics may hold events of other tests as well."""
DOUBTFUL, SURE = "neyse", "berbat, çok kötü bir ürün"


def understand(folder: Path, kafka: str) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """A worker that has no time for second opinions while messages are fresh."""
    engine = {"NABIZ_ENGINE_NAME": "auto", "NABIZ_ENGINE_PATIENCE": "0"}
    return worker("understand", folder, kafka, **engine)


def message(id_: str, text: str) -> Event:
    return Event(id_, NOW, "c1", "chat", EventType.MESSAGE, text=text)


def publish(kafka: str, topic: str, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka)
    for value in values:
        producer.send(topic, value, b"c1")
    producer.flush()
    producer.close()


def scored_until(kafka: str, enough: Callable[[Sequence[Scored]], bool]) -> list[Scored]:
    found: list[Scored] = []
    with KafkaConsumer(
        SCORED, bootstrap_servers=kafka, auto_offset_reset="earliest", consumer_timeout_ms=120_000
    ) as consumer:
        for one in consumer:
            found.append(msgspec.json.decode(one.value, type=Scored))
            if enough(found):
                return found
    raise AssertionError(f"not enough on {SCORED}: {found}")


def named(scored: Scored) -> tuple[str, bool | None]:
    """Its event and whether it was read in haste: of a redelivery there are two alike."""
    return scored.event.event_id, scored.reading and scored.reading.hurried


def test_what_was_read_in_haste_comes_again_with_the_reading_that_patience_gives(
    tmp_path: Path, kafka: str
) -> None:
    topics = (INTERACTIONS, FEEDBACK, SCORED, HURRIED, DEAD_LETTERS)
    with topics_for_now(kafka, 2, *topics):
        comes_again(tmp_path, kafka)


def comes_again(folder: Path, kafka: str) -> None:
    values = [encode_event(message("doubtful", DOUBTFUL)), encode_event(message("sure", SURE))]
    with understand(folder, kafka) as process:
        publish(kafka, INTERACTIONS, *values)
        found = scored_until(kafka, lambda found: set(map(named, found)) >= THREE)
        process.kill()
        process.wait()
    (expected,) = Reader(load_engine("auto")).read([DOUBTFUL], [None])
    told = {named(one): one for one in found}
    first, again = told["doubtful", True], told["doubtful", False]
    assert again == replace(first, reading=again.reading)
    assert again.reading
    assert (again.reading.label, again.reading.engine) == (expected.label, expected.engine)

    other = replace(first, event=replace(first.event, event_id="while nobody worked"))
    publish(kafka, HURRIED, msgspec.json.encode(other), b"no event")
    with understand(folder, kafka) as process:
        *_, last = scored_until(
            kafka, lambda found: found[-1].event.event_id == "while nobody worked"
        )
        assert last == replace(other, reading=again.reading)
        with LagReader(kafka) as reader:
            group = {group_of("reread"): GROUPS[group_of("reread")]}
            until_read(reader, group)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (folder / "log").read_text()


def until_read(reader: LagReader, group: dict[str, Sequence[str]]) -> None:
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            assert sum(lag.events for lag in reader.read(group, None)) == 0
