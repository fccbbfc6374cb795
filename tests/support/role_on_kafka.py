"""A role on real Kafka, as a process of its own: what it is given, and what it committed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from kafka import KafkaProducer
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.broker.lag import LagReader
from pipeline.cli.supervisor import nabiz

ROLE = """
import sys
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

from agents.runtime import app, batches
from agents.runtime.component import Component
from agents.runtime.process import run_process
from agents.runtime.state_store import StateStore, StoredState
from pipeline.common.logs import configure_logging
from pipeline.config.settings import load_settings

folder, topic, *more = Path(sys.argv[1]), *sys.argv[2:]
topics = (topic, *(name for name in more if name != "states"))

class Printing(Component):
    role = "understand"

    def start(self, app):
        self.states = StateStore(app, "kept", 1) if "states" in more else None

    async def handle(self, messages):
        return self.make_durable(messages)

    async def make_durable(self, messages):
        if self.states:
            states = [StoredState(0, one.key.decode(), one.value) for one in messages]
            self.states.stage(states)
            await self.states.commit(states)
        for message in messages:
            print(message.offset, flush=True)
        if any(one.value == b"poison" for one in messages) and (folder / "fail").exists():
            raise RuntimeError("no way")

configure_logging("understand")
with (
    mock.patch.dict(batches.INPUTS, understand=topics),
    mock.patch.object(app, "WATCH_EVERY", 1.0),
    mock.patch.object(app, "group_of", lambda role: f"group-{topic}"),
):
    run_process(Printing(load_settings(), ExitStack()))
"""


class Role:
    """The process of a role that prints the offset of each message that it is given."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log
        self.offsets: list[int] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._changed:
                self.offsets.append(int(line))
                self._changed.notify_all()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def wait_for(self, condition: Callable[[list[int]], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.offsets), timeout=60)


def worker(
    role: str, folder: Path, kafka: str, **settings: str
) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """Run `nabiz worker ROLE`, with these settings besides; it is killed at the end."""
    return process_of_role(nabiz("worker", role), folder, kafka, **settings)


@contextmanager
def process_of_role(
    command: Sequence[str],
    folder: Path,
    kafka: str,
    output: int | None = None,
    **settings: str,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the command of a role, with these settings besides; it is killed at the end."""
    common = {
        "NABIZ_DATA": str(folder),
        "NABIZ_KAFKA_BOOTSTRAP": kafka,
        "NABIZ_KAFKA_COMMIT_INTERVAL": "0.1",
        "NABIZ_WORKER_INSTANCE": "only",
    }
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(
            command, env={**os.environ, **common, **settings}, stdout=output or log, stderr=log
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def running(folder: Path, kafka: str, topic: str, *more: str) -> Iterator[Role]:
    """Run a role on one topic, and `more`; with the word `states` it keeps a value of each key."""
    command = [sys.executable, "-c", ROLE, str(folder), topic, *more]
    with process_of_role(command, folder, kafka, subprocess.PIPE) as process:
        yield Role(process, folder / "log")


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
    for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            assert committed(reader, topic) == offset
