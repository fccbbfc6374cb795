"""Runs real servers on this machine, and subjects against them."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import tenacity
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.clickhouse_18.backend import OldServerBackend
from benchmarks.clickhouse_18.server import ClickHouse
from benchmarks.subjects import FORWARDED, HOP, PLAIN_STATES
from pipeline.broker.local import LocalBroker
from pipeline.broker.tied_to_parent import tied
from pipeline.common.processes import end
from pipeline.config.groups import ROOT
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import GROUPS
from pipeline.store import Store
from pipeline.store.server import create_database

STOP_SECONDS = 10.0
QUIET = {"log_level": 0}
"""Silences the client, which prints when the broker ends."""


# New topics have no leader for a moment, a new broker no coordinator, and members leave slowly.
_until_settled = tenacity.retry(
    retry=tenacity.retry_if_exception_type(KafkaException),
    stop=tenacity.stop_after_delay(30),
    wait=tenacity.wait_fixed(0.2),
    reraise=True,
)


@dataclass(frozen=True)
class Subject:
    """A program to measure, which consumes the topics of a role until it is stopped.

    `group` is its consumer group; if empty, each run has a new one.
    """

    name: str
    role: str
    command: tuple[str, ...]
    group: str = ""
    needs_store: bool = False


@dataclass
class Machine:
    """A running broker and ClickHouse server, and a folder for the rest."""

    folder: Path
    bootstrap: str
    broker: psutil.Process
    store: tuple[str, int]
    clickhouse: psutil.Process
    admin: AdminClient = field(init=False)

    def __post_init__(self) -> None:
        self.admin = AdminClient({**QUIET, "bootstrap.servers": self.bootstrap})

    @_until_settled
    def fresh_topics(self, partitions: int = 4) -> None:
        """Delete all topics and consumer groups, and create our topics."""
        ours = load_topics(ROOT / "schemas").values()
        present = [name for name in self.admin.list_topics().topics if not name.startswith("__")]
        if present:
            _done(self.admin.delete_topics(present))
        self.forget_groups(*GROUPS)
        _done(
            self.admin.create_topics(
                [NewTopic(one.name, partitions, 1, config=one.config) for one in ours]
            )
        )
        others = [NewTopic(name, partitions, 1) for name in (FORWARDED, PLAIN_STATES, HOP)]
        _done(self.admin.create_topics(others))

    @_until_settled
    def forget_groups(self, *groups: str) -> None:
        """Delete consumer groups once their members have left."""
        futures = self.admin.delete_consumer_groups(list(groups)) if groups else {}
        for future in futures.values():
            try:
                future.result()
            except KafkaException as error:
                if error.args[0].name() != "GROUP_ID_NOT_FOUND":
                    raise

    def forget_states(self) -> None:
        """Delete the changelogs of earlier runs."""
        left = [name for name in self.admin.list_topics().topics if "changelog" in name]
        if left:
            _done(self.admin.delete_topics(left))

    def committed(self, group: str, topics: Sequence[str]) -> int:
        """Return how many messages of the topics the group has committed."""
        asked = self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
        found = asked[group].result().topic_partitions
        return sum(max(0, one.offset) for one in found if one.topic in topics)

    @_until_settled
    def ends(self, topics: Sequence[str]) -> int:
        """Return how many messages the topics hold."""
        reader = Consumer({**QUIET, "bootstrap.servers": self.bootstrap, "group.id": "bench-ends"})
        known = self.admin.list_topics().topics
        total = 0
        for topic in topics:
            for partition in known[topic].partitions:
                low, high = reader.get_watermark_offsets(TopicPartition(topic, partition))
                total += high - low
        reader.close()
        return total

    def messages(self, topic: str) -> Iterator[Message]:
        """Yield the current messages of a topic, partition by partition."""
        reader = Consumer(
            {
                **QUIET,
                "bootstrap.servers": self.bootstrap,
                "group.id": "bench-read",
                "enable.partition.eof": True,
            }
        )
        for partition in self.admin.list_topics(topic).topics[topic].partitions:
            reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
            while (message := reader.poll(10.0)) is not None and not message.error():
                yield message
        reader.close()

    def fresh_store(self) -> str:
        """Return the URL of an empty database with our tables."""
        name = f"bench_{uuid.uuid4().hex[:8]}"
        create_database(*self.store, "default", "", name)
        host, port = self.store
        url = f"clickhouse://default@{host}:{port}/{name}"
        backend = OldServerBackend(host, port, "default", "", name)
        Store(backend).migrate()
        backend.close()
        return url

    @contextmanager
    def running(
        self, subject: Subject, environment: Mapping[str, str]
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a subject until the block ends; its failure ends the benchmark with its output."""
        log = self.folder / f"{subject.name.replace(' ', '-').replace('/', '-')}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                tied([sys.executable, "-m", *subject.command]),
                env={
                    **os.environ,
                    "NABIZ_KAFKA_BOOTSTRAP": self.bootstrap,
                    "NABIZ_ENGINE_NAME": "fast",  # `auto` does less of a higher load
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
            if process.poll() not in (None, 0, -signal.SIGKILL):
                raise RuntimeError(
                    f"{subject.name} ended with {process.returncode}:\n{log.read_text()[-3000:]}"
                )
        finally:
            end(STOP_SECONDS, process)


@contextmanager
def running_machine(folder: Path) -> Iterator[Machine]:
    """Start the servers in a folder, and stop them at the end of the block.

    Raises ServerError if there is no ClickHouse server.
    """
    clickhouse = ClickHouse(folder / "clickhouse")
    with ExitStack() as stack:
        broker = stack.enter_context(LocalBroker.start(folder / "kafka"))
        stack.callback(clickhouse.stop)
        clickhouse.start()
        yield Machine(
            folder,
            broker.bootstrap,
            psutil.Process(broker.process.pid),
            (clickhouse.host, clickhouse.port),
            psutil.Process(clickhouse.pid),
        )


def _done(futures: Mapping[str, object]) -> None:
    for future in futures.values():
        future.result()  # type: ignore[attr-defined]
