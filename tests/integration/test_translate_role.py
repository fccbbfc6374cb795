"""The role `translate` as a whole, on real Kafka: killed again and again, with every mapping."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import httpx
import msgspec
from kafka import KafkaConsumer, KafkaProducer
from tenacity import Retrying, stop_after_delay, wait_fixed

from agents.runtime.messages import partition_of
from benchmarks.deliveries import Sent, connected
from pipeline.broker.lag import LagReader
from pipeline.cli.supervisor import nabiz
from pipeline.common.ports import HOST, free_port
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.recorded import Fetch
from pipeline.connectors.sealing import Seal
from pipeline.contracts.topology import DEAD_LETTERS, ERASURES, FEEDBACK, INTERACTIONS, RECEIVED
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.model.event import Event
from tests.support.deliveries import CONNECTIONS, NOON, book, ticket
from tests.support.http_servers import Quiet, serving
from tests.support.role_on_kafka import process_of_role, worker
from tests.support.servers_kafka import topics_for_now

T = TypeVar("T")
KEY = "a-key-of-a-test-that-is-long-enough"
EVENTS = (INTERACTIONS, FEEDBACK)
TOPICS = (RECEIVED, *EVENTS, DEAD_LETTERS, ERASURES)
LIVES = 3
"""Workers that are killed while they have something to do."""


def test_every_fixture_sent_twice_in_any_order_to_workers_that_are_killed_is_its_events(
    tmp_path: Path, kafka: str
) -> None:
    answers: dict[str, Fetch] = {}
    with api_of(answers) as api, topics_for_now(kafka, 2, *TOPICS):
        connections, sent, found = connected(tmp_path, api)
        answers |= found
        settings = {
            "NABIZ_CONNECTORS_FILE": str(connections),
            "NABIZ_CONNECTORS_KEY": KEY,
            "NABIZ_TRANSLATE_WAIT_SECONDS": "40",  # longer than a worker takes to come again
            "NABIZ_TRANSLATE_ABSENT_SECONDS": "1",
            "NABIZ_KAFKA_BATCH_SIZE": "40",
        }
        with receiving(tmp_path, kafka, settings) as post:
            deliver(kafka, sent, post)
        expected = {key_of(event) for one in sent for event in events_of(one)}
        for life in range(1, LIVES + 1):
            with worker("translate", tmp_path, kafka, **settings) as process:
                share = len(expected) * life // (LIVES + 2)
                read_until(kafka, Event, lambda came, share=share: len(came) >= share)
                process.send_signal(signal.SIGKILL)
                process.wait()
            if life == 2:
                shutil.rmtree(tmp_path / "state")
        refused = {one.connection for one in sent if one.trial.refused}
        with worker("translate", tmp_path, kafka, **settings) as process:
            read_until(kafka, Event, lambda came: {key_of(one) for one in came} >= expected)
            letters = read_until(
                kafka, DeadLetter, lambda came: len({one.id for one in came}) >= 2 * len(refused)
            )
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, (tmp_path / "log").read_text()
        with LagReader(kafka) as reader:
            ends = [lag.end for lag in reader.read({"any": EVENTS}, None)]
        come = read_until(kafka, Event, lambda came: len(came) == sum(ends))
        assert {key_of(one) for one in come} == expected
        assert {(one.key or b"").decode() for one in letters} == refused


@contextmanager
def api_of(answers: dict[str, Fetch]) -> Iterator[str]:
    """Serve what APIs answer, at an address that is yielded."""

    class Handler(Quiet):
        def do_GET(self) -> None:  # noqa: N802
            fetch = answers.get(self.path, Fetch(self.path, status=404))
            self.answer(fetch.status, fetch.body)

    with serving(Handler) as address:
        yield f"http://{address}"


RECEIVE = """
import sys
from datetime import datetime
from pathlib import Path
from unittest import mock

from agents import receive
from pipeline.config.settings import load_settings

clock = Path(sys.argv[1])
with mock.patch.object(receive, "_now", lambda: datetime.fromisoformat(clock.read_text())):
    receive.serve_receiver(load_settings())
"""
"""The receiver, at the time that a file says: signatures have times, and what they sign has."""

Post = Callable[[Delivery], None]


@contextmanager
def receiving(folder: Path, kafka: str, settings: Mapping[str, str]) -> Iterator[Post]:
    """Run the receiver; yield what posts a delivery to it, when it came."""
    clock, port, page = folder / "clock", free_port(), free_port()
    command = [sys.executable, "-c", RECEIVE, str(clock)]
    settings = {
        **settings,
        "NABIZ_RECEIVE_PORT": str(port),
        "NABIZ_WORKER_PORT": str(page),
    }
    clock.write_text(NOON.isoformat())
    with (
        process_of_role(command, folder, kafka, **settings) as process,
        httpx.Client(base_url=f"http://{HOST}:{port}") as client,
    ):

        def post(delivery: Delivery) -> None:
            clock.write_text(delivery.received_at.isoformat())
            query = delivery.url.partition("?")[2]
            address = f"/in/{delivery.connection}" + (f"?{query}" if query else "")
            answer = client.request(
                delivery.method, address, content=delivery.body, headers=delivery.headers
            )
            assert answer.status_code == 200, (delivery, answer.text)

        for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.1), reraise=True):
            with attempt:
                assert httpx.get(f"http://{HOST}:{page}/healthz").status_code == 200
        yield post
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (folder / "log").read_text()


def deliver(kafka: str, sent: Sequence[Sent], post: Post) -> None:
    """Send each delivery twice, in an order of chance: what no system posts, as `poll` does."""
    seal, twice = Seal([KEY]), [*sent, *sent]
    Random(16).shuffle(twice)
    producer = KafkaProducer(bootstrap_servers=kafka)
    for one in twice:
        if one.is_posted:
            post(one.delivery)
            continue
        name = one.connection.encode()
        place = partition_of(name, 2)
        producer.send(RECEIVED, seal.sealed(one.delivery), name, partition=place)
    producer.flush()
    producer.close()


def events_of(one: Sent) -> list[Event]:
    return [msgspec.convert(event, Event) for event in one.trial.events]


def key_of(event: Event) -> tuple[str, int, str, str]:
    return event.event_id, event.revision, event.type, event.customer_id


def read_until(kafka: str, kind: type[T], enough: Callable[[list[T]], bool]) -> list[T]:
    """Return what is on the topics of a kind, once that is enough."""
    found: list[T] = []
    with KafkaConsumer(
        *EVENTS if kind is Event else [DEAD_LETTERS],
        bootstrap_servers=kafka,
        auto_offset_reset="earliest",
        consumer_timeout_ms=60_000,
    ) as consumer:
        for one in consumer:
            found.append(msgspec.json.decode(one.value, type=kind))
            if enough(found):
                return found
    raise AssertionError(f"not enough: {len(found)} of {kind.__name__}")


def test_what_was_refused_for_its_connection_is_mapped_again_once_that_is_mended(
    tmp_path: Path, kafka: str
) -> None:
    found = book(tmp_path, connections="connections: []")
    with topics_for_now(kafka, 2, *TOPICS):
        producer = KafkaProducer(bootstrap_servers=kafka)
        for body in (ticket(7), ticket(8)):
            sealed = Seal([KEY]).sealed(Delivery("desk", NOON, msgspec.json.encode(body)))
            producer.send(RECEIVED, sealed, b"desk", partition=partition_of(b"desk", 2))
        producer.flush()
        producer.close()
        settings = {
            "NABIZ_CONNECTORS_FILE": str(found.file),
            "NABIZ_CONNECTORS_FOLDER": str(tmp_path / "connectors"),
            "NABIZ_CONNECTORS_KEY": KEY,
        }
        with worker("translate", tmp_path, kafka, **settings):
            letters = read_until(kafka, DeadLetter, lambda came: len(came) == 2)
            assert {letter.reason for letter in letters} == {Reason.UNKNOWN_CONNECTION}
        found.file.write_text(CONNECTIONS)
        assert replayed(kafka, "--since", "1h", "--dry-run") == "2 deliveries would be mapped again"
        assert replayed(kafka, "--since", "1h") == "2 deliveries to be mapped again by translate"
        assert replayed(kafka, "--since", "1h", "--dry-run").startswith("2 deliveries")
        with worker("translate", tmp_path, kafka, **settings):
            events = read_until(kafka, Event, lambda came: len(came) == 2)
        assert {event.event_id for event in events} == {"desk:7", "desk:8"}


def replayed(kafka: str, *options: str) -> str:
    done = subprocess.run(
        nabiz("connectors", "replay", "desk", *options),
        env={**os.environ, "NABIZ_KAFKA_BOOTSTRAP": kafka},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
