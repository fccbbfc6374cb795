"""The receiver on real Kafka: what was answered with 200 is there, once, whatever Kafka does."""

import asyncio
import hashlib
import hmac
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.broker.local import LocalBroker
from pipeline.broker.topics import apply_topics
from pipeline.common.ports import free_port
from pipeline.config.groups import ROOT
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.book import read_fixture
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import RECEIVED
from tests.support.connector_company import GOOD, Company
from tests.support.role_on_kafka import worker

KEY = "k" * 32
SECOND = GOOD.replace("desk-1", "desk-2")
CHATWOOT = """
  - name: chatwoot
    system: chatwoot
    secret_file: secret
"""


class Receiver:
    """A running receiver, and what is on its topic."""

    def __init__(self, broker: LocalBroker, port: int, page: str) -> None:
        self.broker = broker
        self.port = port
        self.page = page

    def stored(self) -> list[Delivery]:
        """Return all that is on the topic."""
        seal = Seal([KEY])
        with KafkaConsumer(bootstrap_servers=self.broker.bootstrap) as consumer:
            places = [
                TopicPartition(RECEIVED, number)
                for number in consumer.partitions_for_topic(RECEIVED) or ()
            ]
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends = consumer.end_offsets(places)
            deliveries = []
            while any(consumer.position(place) < ends[place] for place in places):
                for records in consumer.poll(timeout_ms=200).values():
                    deliveries += [seal.opened(record.value) for record in records]
        return deliveries


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    company = Company(tmp_path)
    shutil.copytree(ROOT / "connectors" / "chatwoot", tmp_path / "connectors" / "chatwoot")
    company.write(GOOD + SECOND + CHATWOOT)
    with LocalBroker.start(tmp_path / "kafka") as broker, serving(company, broker) as receiver:
        yield receiver
        receiver.broker.stop()


@contextmanager
def serving(company: Company, broker: LocalBroker) -> Iterator[Receiver]:
    apply_topics(broker.bootstrap, [load_topics(ROOT / "schemas")[RECEIVED]])
    port, page = free_port(), free_port()
    settings = {
        "NABIZ_CONNECTORS_FILE": str(company.file),
        "NABIZ_CONNECTORS_FOLDER": str(company.folder / "connectors"),
        "NABIZ_CONNECTORS_KEY": KEY,
        "NABIZ_RECEIVE_PORT": str(port),
        "NABIZ_WORKER_PORT": str(page),
    }
    with worker("receive", company.folder, broker.bootstrap, **settings) as process:
        receiver = Receiver(broker, port, f"http://127.0.0.1:{page}")
        for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.1), reraise=True):
            with attempt:
                assert httpx.get(f"{receiver.page}/healthz").status_code == 200
        yield receiver
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def digest(signed: bytes) -> str:
    return hmac.new(b"secret-value", signed, hashlib.sha256).hexdigest()


def signed(body: bytes) -> Mapping[str, str]:
    return {"x-signature": digest(body)}


class Sender:
    """A system that sends deliveries, and each again until it is taken."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.taken: list[int] = []
        self.refused: set[int] = set()

    async def send_all(self, count: int, rate: float) -> None:
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(self._send(number))
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))

    async def _send(self, number: int) -> None:
        body = msgspec.json.encode({"id": number})
        while True:
            path = f"/in/desk-{1 + number % 2}"
            status = await post(self.receiver.port, path, body, signed(body))
            if status == 200:
                self.taken.append(number)
                return
            assert status == 503
            self.refused.add(number)
            await asyncio.sleep(1)


class Chatwoot:
    """A Chatwoot, which sends each webhook once and waits five seconds for the answer.

    Its fixtures are what it sends, each with an id of its own. `taken` and `failed` have the bodies
    of deliveries by what came of them.
    """

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        fixtures = ROOT / "connectors" / "chatwoot" / "fixtures"
        names = ("incoming_mail", "incoming_mail_updated", "resolved")
        self.webhooks = [read_fixture(fixtures / f"{name}.json").body for name in names]
        self.taken: list[bytes] = []
        self.failed: list[bytes] = []

    async def send_all(self, count: int, rate: float) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(self.send(number))
                await asyncio.sleep(1 / rate)

    async def send(self, number: int) -> bool:
        """Send a webhook; return whether it was taken."""
        body = msgspec.json.encode({**self.webhooks[number % 3], "id": number})
        stamp = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "x-chatwoot-delivery": str(uuid4()),
            "x-chatwoot-timestamp": stamp,
            "x-chatwoot-signature": f"sha256={digest(f'{stamp}.'.encode() + body)}",
        }
        try:
            async with asyncio.timeout(5):
                status = await post(self.receiver.port, "/in/chatwoot", body, headers)
        except TimeoutError:
            status = None
        (self.taken if status == 200 else self.failed).append(body)
        assert status in (200, 503, None)
        return status == 200


async def post(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send one delivery, over a connection of its own; return the status of the answer.

    httpx takes too much of a processor for hundreds of requests at once.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = [f"POST {path} HTTP/1.1", "host: nabiz", "connection: close"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    head += [f"content-length: {len(body)}", "", ""]
    writer.write("\r\n".join(head).encode() + body)
    try:
        answer = await reader.read()
    finally:
        writer.close()
    return int(answer.split()[1])


async def test_what_was_answered_is_there_once_after_kafka_was_stopped(
    receiver: Receiver, tmp_path: Path
) -> None:
    sender = Sender(receiver)
    sending = asyncio.create_task(sender.send_all(1_000, rate=100))
    await asyncio.sleep(3)
    await asyncio.to_thread(receiver.broker.stop)
    await asyncio.sleep(4)
    port = receiver.broker.port
    receiver.broker = await asyncio.to_thread(LocalBroker.start, tmp_path / "kafka", port)
    await asyncio.wait_for(sending, 90)
    assert sender.refused
    there = Counter(msgspec.json.decode(one.body).get("id") for one in receiver.stored())
    del there[None]
    assert sorted(sender.taken) == [*range(1_000)]
    assert {*there} == {*range(1_000)}
    assert {there[number] for number in {*range(1_000)} - sender.refused} == {1}


async def test_each_is_there_once_where_kafka_stands_still_for_less_than_a_sender_waits(
    receiver: Receiver,
) -> None:
    sender = Sender(receiver)
    sending = asyncio.create_task(sender.send_all(600, rate=200))
    for _ in range(3):
        await asyncio.sleep(0.5)
        os.kill(receiver.broker.process.pid, signal.SIGSTOP)
        await asyncio.sleep(0.7)
        os.kill(receiver.broker.process.pid, signal.SIGCONT)
    await asyncio.wait_for(sending, 60)
    there = Counter(msgspec.json.decode(one.body).get("id") for one in receiver.stored())
    del there[None]
    assert {*there} == {*range(600)}
    assert {there[number] for number in {*range(600)} - sender.refused} == {1}


async def test_what_chatwoot_was_told_is_taken_is_there_once_though_kafka_stood_still(
    receiver: Receiver,
) -> None:
    """It sends nothing again: what it counts as failed is lost to us, and nothing else is."""
    chatwoot = Chatwoot(receiver)
    sending = asyncio.create_task(chatwoot.send_all(360, rate=30))
    await asyncio.sleep(3)
    os.kill(receiver.broker.process.pid, signal.SIGSTOP)
    await asyncio.sleep(5)
    os.kill(receiver.broker.process.pid, signal.SIGCONT)
    await asyncio.wait_for(sending, 60)
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            assert await chatwoot.send(999 + attempt.retry_state.attempt_number)
    stored = [one for one in receiver.stored() if one.connection == "chatwoot"]
    there = Counter(one.body for one in stored)
    assert chatwoot.failed
    assert {*there} <= {*chatwoot.taken, *chatwoot.failed}
    assert {there[body] for body in chatwoot.taken} == {1}
    assert {there[body] for body in chatwoot.failed} <= {0, 1}


async def test_while_kafka_is_away_a_sender_is_told_within_two_seconds(
    receiver: Receiver,
) -> None:
    os.kill(receiver.broker.process.pid, signal.SIGSTOP)
    try:
        took = []
        for _ in range(3):
            begun = time.monotonic()
            assert await post(receiver.port, "/in/desk-1", b"{}", signed(b"{}")) == 503
            took.append(time.monotonic() - begun)
        assert min(took) < 2  # a busy machine may hold up one
    finally:
        os.kill(receiver.broker.process.pid, signal.SIGCONT)
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            assert await post(receiver.port, "/in/desk-1", b"{}", signed(b"{}")) == 200
    page = httpx.get(f"{receiver.page}/metrics").text
    assert 'nabiz_received_total{connection="desk-1",result="away"}' in page
    assert httpx.get(f"{receiver.page}/healthz").text == "ok"
