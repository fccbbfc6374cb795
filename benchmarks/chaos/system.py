"""Runs a whole Nabız in a folder: Kafka, ClickHouse, workers and a load, each breakable."""

import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from kafka import KafkaAdminClient

from benchmarks.chaos.content import missed, overdue
from benchmarks.chaos.load import MUCH_LATER, START, Feeder, Message
from benchmarks.chaos.members import owners
from benchmarks.chaos.outcome import Outcome, content_of
from benchmarks.chaos.workers import Workers
from benchmarks.clickhouse_18.backend import OldServerBackend
from benchmarks.clickhouse_18.server import ClickHouse
from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.lag import LagReader, wait_until_drained
from pipeline.broker.local import LocalBroker
from pipeline.broker.publish import Publisher
from pipeline.broker.topics import apply_topics
from pipeline.config.groups import ROOT
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import (
    FEEDBACK,
    GROUPS,
    INPUTS,
    INTERACTIONS,
    OF_EVENTS,
    SCORED,
    group_of,
)
from pipeline.store import Store
from pipeline.store.server import create_database

STUCK_AFTER = 180.0
"""Seconds within which any awaited event must happen."""
POLL = 0.05

ROLES = (*OF_EVENTS, "follow_up")
"""The roles that run."""
WITH_ALL_EVENTS = (INTERACTIONS, FEEDBACK, SCORED)
"""Topics that measure a role's progress; the others carry a part of the load."""
PACED_BY = {"follow_up": "detect"}
"""Roles that read no event, and those whose progress counts as theirs."""
COMMIT_SECONDS = 0.5
"""Seconds between commits, and so the most work repeated after a kill."""

SETTINGS = {
    "NABIZ_KAFKA_SESSION_TIMEOUT": "6",
    # Small batches, so that faults hit many different moments.
    "NABIZ_KAFKA_BATCH_SIZE": "50",
    "NABIZ_KAFKA_COMMIT_INTERVAL": str(COMMIT_SECONDS),
    "NABIZ_STORE_BATCH_WAIT": "0.1",
    "NABIZ_STORE_RETRY_SECONDS": "5",
    # The readings of `auto` depend on the load, but both runs must agree.
    "NABIZ_ENGINE_NAME": "fast",
}


class Stuck(Exception):  # noqa: N818 - a state of the system
    """An awaited event did not happen, or the run ended otherwise; the message says which."""


class System:
    """The system of a scenario. All waiting goes through `until`, which keeps workers running."""

    def __init__(
        self,
        folder: Path,
        clickhouse: ClickHouse,
        load: Sequence[Message],
        *,
        rate: float,
        partitions: int,
        settings: Mapping[str, str],
    ) -> None:
        database = f"chaos_{re.sub(r'[^a-z0-9]', '_', folder.name)}"
        create_database(clickhouse.host, clickhouse.port, "default", "", database)
        self.folder = folder
        self.clickhouse = clickhouse
        self.backend = OldServerBackend(clickhouse.host, clickhouse.port, "default", "", database)
        Store(self.backend).migrate()
        self.broker = LocalBroker.start(folder / "kafka")
        self.faults: Counter[str] = Counter()
        self.load = load
        self._beside = 0
        """Messages of the sources' topics beyond the load, minus deleted ones."""
        self._gone = Counter[str]()
        """Messages of topics that were recreated since; all had been read."""
        self._declared = [
            msgspec.structs.replace(topic, partitions=partitions)
            for topic in load_topics(ROOT / "schemas").values()
        ]
        apply_topics(self.broker.bootstrap, self._declared)
        self.workers = Workers(
            folder,
            {
                **SETTINGS,
                "NABIZ_KAFKA_BOOTSTRAP": self.broker.bootstrap,
                "NABIZ_STORE_URL": f"clickhouse://{clickhouse.host}:{clickhouse.port}/{database}",
                **settings,
            },
        )
        self.lags = LagReader(self.broker.bootstrap)
        self.feeder = Feeder(self.broker.bootstrap, load, rate)

    def start(self, workers_a_role: int, *, load_first: bool) -> None:
        """Start the workers, and the load once all have partitions, or before them."""
        for role in ROLES:
            for number in range(workers_a_role):
                self.workers.start(f"{role}-{number}")
        for role in () if load_first else ROLES:
            self.until(
                f"{role} has its partitions",
                lambda role=role: self.owners(role) >= set(self.workers.of(role)),  # type: ignore[misc]
            )
        self.feeder.start()

    def close(self) -> None:
        """Kill everything that still runs, in any state."""
        if self.feeder.is_alive():
            self.feeder.stop()
        self.workers.kill_all()
        self.lags.close()
        self.backend.close()
        self.broker.stop()

    def fault(self, kind: str) -> None:
        """Count a fault for the table."""
        self.faults[kind] += 1

    def until(
        self, what: str, happened: Callable[[], object], timeout: float = STUCK_AFTER
    ) -> None:
        """Wait for a condition. Raises Stuck after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not happened():
            self._look_after()
            if time.monotonic() > deadline:
                raise Stuck(f"not within {timeout:.0f} s: {what}. {self._lag_in_words()}")
            time.sleep(POLL)

    def reached(self, role: str, share: float) -> None:
        """Wait until the workers of a role have committed a share of the load's events."""
        events = sum(one.topic in WITH_ALL_EVENTS for one in self.load)
        role = PACED_BY.get(role, role)
        self.until(
            f"{role} has committed {share:.0%} of the load",
            lambda: self.committed(role) >= share * events,
        )

    def wait(self, seconds: float) -> None:
        """Let the system run for some seconds."""
        ends = time.monotonic() + seconds
        self.until("time passes", lambda: time.monotonic() >= ends, timeout=seconds + STUCK_AFTER)

    def committed(self, role: str) -> int:
        """Return how many messages of the load a role has committed; 0 while Kafka is down.

        Of a role that reads no event, those that it reads.
        """
        inputs = GROUPS[group_of(role)]
        topics = [topic for topic in inputs if topic in WITH_ALL_EVENTS] or inputs
        with suppress(BrokerUnavailable):
            lags = self.lags.read({group_of(role): topics}, None)
            here = sum(lag.committed or 0 for lag in lags)
            return here + sum(self._gone[topic] for topic in topics)
        return 0

    def owners(self, role: str) -> set[str]:
        """Return the workers that have partitions of a role; none while it rebalances."""
        return owners(self.broker.bootstrap, role)

    @contextmanager
    def apart(self, *roles: str) -> Iterator[None]:
        """Hold the load during the block, after these roles have drained their topics."""
        self.feeder.hold()
        self.until(
            "the load is held",
            lambda: self.feeder.waits.is_set() or not self.feeder.is_alive(),
        )
        self.drain(roles)
        before = self._written(INTERACTIONS, FEEDBACK)
        yield
        self._beside += self._written(INTERACTIONS, FEEDBACK) - before
        self.feeder.go_on()

    def drain(self, roles: Collection[str]) -> None:
        """Wait until the roles, in turn, have committed all messages."""
        groups = {group_of(role): GROUPS[group_of(role)] for role in roles}
        if not wait_until_drained(self.lags, groups, STUCK_AFTER, lambda _: self._look_after()):
            raise Stuck(f"not drained within {STUCK_AFTER:.0f} s. {self._lag_in_words()}")

    def make_anew(self, topic: str) -> None:
        """Delete a topic, and recreate it as declared."""
        self._gone[topic] += self._written(topic)
        self.delete(topic)
        [declared] = [one for one in self._declared if one.name == topic]
        apply_topics(self.broker.bootstrap, [declared])

    def delete(self, topic: str) -> None:
        """Delete a topic; return when Kafka no longer lists it."""
        with KafkaAdminClient(bootstrap_servers=self.broker.bootstrap) as admin:
            admin.delete_topics([topic])
            self.until(f"{topic} is gone", lambda: topic not in admin.list_topics())

    def grow(self, *topics: str) -> None:
        """Add two partitions to each topic."""
        grown = [one for one in self._declared if one.name in topics]
        self._declared = [
            msgspec.structs.replace(one, partitions=one.partitions + 2) if one in grown else one
            for one in self._declared
        ]
        apply_topics(self.broker.bootstrap, [one for one in self._declared if one.name in topics])

    def start_broker(self) -> None:
        """Start the stopped or killed broker on its old port."""
        self.broker = LocalBroker.start(self.folder / "kafka")

    def kill_broker(self) -> None:
        """Kill the broker, as a power cut would."""
        self.broker.process.kill()
        self.broker.process.wait()

    def finish(self, end: Sequence[Message] = ()) -> Outcome:
        """Wait until all is drained and due, stop the workers, and return the outcome.

        `end` are messages that tell `follow_up` that the time until `MUCH_LATER` has passed.
        """
        self.until("all of the load is published", lambda: not self.feeder.is_alive())
        self._look_after()
        ended = self.feeder.ended_at or time.monotonic()
        self.until("Kafka answers", self._kafka_answers)
        running = [role for role in INPUTS if self.workers.of(role)]
        self.drain(running)
        drained = time.monotonic()
        last = START + MUCH_LATER
        self.until("all waits are judged", lambda: not overdue(self.broker.bootstrap, last))
        self.drain(running)
        with Publisher(self.broker.bootstrap) as publisher:
            for message in end:
                publisher.send(message.topic, message.key, message.value)
        self.drain(running)
        if end:
            self.until("all deadlines are", lambda: not missed(self.broker.bootstrap, last))
        self.drain(running)
        self.workers.stop_all()
        topics = {message.topic for message in (*self.load, *end)}
        arrived, scored = self._written(*topics), self._written(SCORED)
        published = len(self.load) + len(end) + self._beside
        if arrived != published:
            raise Stuck(f"published were {published} messages, Kafka has {arrived}: a wrong test")
        content = content_of(self.broker.bootstrap, self.backend)
        return Outcome(
            content,
            dict(self.faults),
            self.workers.deaths,
            scored + self._gone[SCORED] - len(content["events"]),
            round(drained - ended, 1),
        )

    def _kafka_answers(self) -> bool:
        with suppress(BrokerUnavailable):
            return bool(self._written(INTERACTIONS, FEEDBACK))
        return False

    def _look_after(self) -> None:
        self.workers.tick()
        if self.feeder.problem:
            raise Stuck(f"the load did not arrive: {self.feeder.problem}")

    def _written(self, *topics: str) -> int:
        return sum(lag.end for lag in self.lags.read({group_of("record"): topics}, None))

    def _lag_in_words(self) -> str:
        try:
            lags = self.lags.read({group_of(role): INPUTS[role] for role in ROLES}, None)
        except BrokerUnavailable as away:
            return str(away)
        behind = [
            f"{lag.group} {lag.topic}/{lag.partition} {lag.events}" for lag in lags if lag.events
        ]
        return f"Unread: {', '.join(behind) or 'nothing'}"
