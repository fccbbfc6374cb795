"""A role on real Kafka: what is committed when it crashes, and when it is told to stop."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaProducer
from tenacity import Retrying, stop_after_delay, wait_fixed

from agents.app import EXIT_CRASH
from pipeline.broker.lag import LagReader
from pipeline.cli.errors import EXIT_AWAY
from pipeline.cli.supervisor import nabiz
from tests.servers_kafka import new_topic

ROLE = """
import asyncio, sys
from pathlib import Path
from unittest import mock

from agents import app as shared, run
from pipeline.logs import configure_logging
from pipeline.settings import load_settings

folder, topic = Path(sys.argv[1]), sys.argv[2]

def build():
    settings = load_settings()
    with mock.patch.dict(shared.INPUTS, understand=(topic,)):
        app = shared.make_app("understand", settings)

        async def handle(messages):
            return make_durable(messages)

        async def make_durable(messages):
            for message in messages:
                print(message.offset, flush=True)
            if any(one.value == b"poison" for one in messages) and (folder / "fail").exists():
                raise RuntimeError("no way")

        return app, shared.role_agent(app, "understand", settings, handle)

configure_logging("understand")
with mock.patch.object(shared, "group_of", lambda role: f"group-{topic}"):
    asyncio.run(run.run_app(load_settings(), build))
"""


class Role:
    """The process of a role that prints the offset of each message that it is given."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.offsets: list[int] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._changed:
                self.offsets.append(int(line))
                self._changed.notify_all()

    def wait_for(self, condition: Callable[[list[int]], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.offsets), timeout=30)


@contextmanager
def running(folder: Path, kafka: str, topic: str) -> Iterator[Role]:
    settings = {
        "NABIZ_DATA": str(folder),
        "NABIZ_KAFKA_BOOTSTRAP": kafka,
        "NABIZ_KAFKA_COMMIT_INTERVAL": "0.1",
        "NABIZ_WORKER_INSTANCE": "only",
    }
    with subprocess.Popen(
        [sys.executable, "-c", ROLE, str(folder), topic],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=(folder / "log").open("ab"),
        text=True,
    ) as process:
        try:
            yield Role(process)
        finally:
            process.kill()


def send(kafka: str, topic: str, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka)
    for value in values:
        producer.send(topic, value=value, key=b"c1", partition=0)
    producer.flush()
    producer.close()


def committed(reader: LagReader, topic: str) -> int | None:
    (lag,) = reader.read({f"group-{topic}": [topic]}, None)
    return lag.committed


def until_committed(reader: LagReader, topic: str, offset: int) -> None:
    for attempt in Retrying(stop=stop_after_delay(20), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            assert committed(reader, topic) == offset


def test_a_batch_that_failed_is_not_committed_and_comes_again(tmp_path: Path, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    (tmp_path / "fail").touch()
    with LagReader(kafka) as reader:
        send(kafka, topic, b"a", b"b")
        with running(tmp_path, kafka, topic) as role:
            until_committed(reader, topic, 2)
            send(kafka, topic, b"poison", b"c")
            assert role.process.wait(30) == EXIT_CRASH
        assert committed(reader, topic) == 2
        (tmp_path / "fail").unlink()
        with running(tmp_path, kafka, topic) as role:
            role.wait_for(lambda offsets: len(offsets) == 2)
            assert role.offsets == [2, 3]
            until_committed(reader, topic, 4)


def test_a_role_that_is_told_to_stop_commits_what_it_has_done_and_stops_soon(
    tmp_path: Path, kafka: str
) -> None:
    topic = new_topic(kafka, 1)
    with LagReader(kafka) as reader, running(tmp_path, kafka, topic) as role:
        send(kafka, topic, *[b"a"] * 500)
        role.wait_for(lambda offsets: len(offsets) == 500)
        role.process.send_signal(signal.SIGTERM)
        assert role.process.wait(5) == 0
        assert committed(reader, topic) == 500


def test_a_role_without_kafka_says_so(tmp_path: Path) -> None:
    settings = {"NABIZ_KAFKA_BOOTSTRAP": "127.0.0.1:1", "NABIZ_DATA": str(tmp_path)}
    ran = subprocess.run(
        nabiz("worker", "understand"),
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == EXIT_AWAY
    assert "nabiz: Kafka at 127.0.0.1:1 does not answer" in ran.stderr
    assert "Traceback" not in ran.stderr
