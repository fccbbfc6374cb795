"""Reads the lag of consumer groups from the broker."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from time import monotonic, sleep
from typing import Final, NamedTuple, Protocol, Self, TypeAlias

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
)
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from pipeline.broker.errors import BrokerError, reaching
from pipeline.broker.security import PLAINTEXT, Security
from pipeline.broker.stamps import received_at
from pipeline.contracts.topology import OPTIONAL

Groups: TypeAlias = Mapping[str, Sequence[str]]
"""Consumer group → the topics that it reads."""

CLIENT: Final = {
    "bootstrap_timeout_ms": 10_000,
    "request_timeout_ms": 10_000,
    "reconnect_backoff_max_ms": 1_000,
}
"""Client timeouts: fail early, and reconnect to a returning broker within a second."""

AGE_TIMEOUT = 0.5
"""Seconds a lag reading may spend fetching timestamps of unread messages."""

DRAIN_POLL = 0.2
"""Seconds between two readings of a group that still lags."""

_NO_COORDINATOR_YET = (
    CoordinatorNotAvailableError,
    CoordinatorLoadInProgressError,
    NotCoordinatorError,
)

until_coordinated = retry(
    retry=retry_if_exception_type(_NO_COORDINATOR_YET),
    stop=stop_after_delay(10),
    wait=wait_fixed(0.1),
    reraise=True,
)
"""Retries a call, since the coordinator of a broker that has just started is not ready at once."""


class Committed(NamedTuple):
    """The committed offset of a partition, with its note."""

    offset: int
    note: str


class PartitionLag(msgspec.Struct, frozen=True):
    """The lag of one group on one partition."""

    group: str
    topic: str
    partition: int
    committed: int | None
    """Offset of the next message to read; None before the first commit."""
    end: int
    """Offset of the next message to be written."""
    events: int
    """Unread messages; all messages before the first commit."""
    seconds: float | None
    """Age of the oldest unread message; 0 if there is none, None if unknown."""
    note: str = ""
    """The note committed with the offset (`pipeline.broker.continuity`)."""

    @property
    def next(self) -> int:
        """Offset of the message that the group reads next."""
        return self.end - self.events


class LagReader:
    """A connection for repeated lag readings. Not thread-safe."""

    def __init__(self, bootstrap: str, security: Security = PLAINTEXT) -> None:
        """Connect. Raises `BrokerUnavailable` if the broker does not answer within 10 s."""
        self._bootstrap = bootstrap
        with reaching(bootstrap):
            self._admin = KafkaAdminClient(bootstrap_servers=bootstrap, **CLIENT, **security)
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap,
                enable_auto_commit=False,
                max_partition_fetch_bytes=65_536,
                fetch_max_wait_ms=100,
                **CLIENT,
                **security,
            )
        self._written_at: dict[tuple[TopicPartition, int], datetime] = {}

    def read(self, groups: Groups, now: datetime | None) -> list[PartitionLag]:
        """Return the lag of each group, by topic and partition.

        Ages are taken from `now` (aware); without it they are not looked up, which is quicker.
        Raises `BrokerError` if a topic that must be there is not, `BrokerUnavailable` if Kafka is
        away.
        """
        topics = sorted({topic for names in groups.values() for topic in names})
        with reaching(self._bootstrap):
            if not (partitions := self._partitions(topics)):
                return []
            # Committed before end: so lag is never below zero, however fast the group reads.
            committed = self._committed(groups, partitions)
            first = self._offsets(partitions, OffsetSpec.EARLIEST)
            ends = self._offsets(partitions, OffsetSpec.LATEST)
            position = {
                key: max(at.offset if at else 0, first[key[1]]) for key, at in committed.items()
            }
            unread = {(p, at) for (_, p), at in position.items() if at < ends[p]}
            written_at = self._when_written(unread, now) if now else {}

        def age(partition: TopicPartition, offset: int) -> float | None:
            if (partition, offset) not in unread:
                return 0.0
            if now is None or (partition, offset) not in written_at:
                return None
            return max(0.0, (now - written_at[partition, offset]).total_seconds())

        def lag(group: str, partition: TopicPartition) -> PartitionLag:
            start, end = position[group, partition], ends[partition]
            at = committed[group, partition]
            return PartitionLag(
                group=group,
                topic=partition.topic,
                partition=partition.partition,
                committed=at.offset if at else None,
                end=end,
                events=max(0, end - start),
                seconds=age(partition, start),
                note=at.note if at else "",
            )

        return [lag(group, partition) for group, partition in sorted(committed)]

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close(autocommit=False)
        self._admin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        described = self._admin.describe_topics(topics)
        absent = {topic["name"] for topic in described if topic["error_code"]}
        if missing := sorted(absent - OPTIONAL):
            raise BrokerError(
                f"Kafka at {self._bootstrap} has no topic {', '.join(missing)}. "
                "Create it: nabiz topics apply"
            )
        return [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            if topic["name"] not in absent
            for partition in topic["partitions"]
        ]

    @until_coordinated
    def _committed(
        self, groups: Groups, partitions: Iterable[TopicPartition]
    ) -> dict[tuple[str, TopicPartition], Committed | None]:
        read_by = {
            group: of_group
            for group, topics in groups.items()
            if (of_group := [partition for partition in partitions if partition.topic in topics])
        }
        answer = self._admin.list_group_offsets(read_by)
        return {
            (group, partition): None
            if found.offset < 0
            else Committed(int(found.offset), found.metadata or "")
            for group, offsets in answer.items()
            for partition, found in offsets.items()
        }

    def _offsets(
        self, partitions: Iterable[TopicPartition], spec: OffsetSpec
    ) -> dict[TopicPartition, int]:
        answer = self._admin.list_partition_offsets(dict.fromkeys(partitions, spec))
        return {partition: int(found.offset) for partition, found in answer.items()}

    def _when_written(
        self, unread: set[tuple[TopicPartition, int]], now: datetime
    ) -> dict[tuple[TopicPartition, int], datetime]:
        """Return when the broker received the messages at these offsets, where fetched.

        A group that does not move asks for the same messages each time: they are remembered.
        """
        known = {key: at for key, at in self._written_at.items() if key in unread}
        deadline = monotonic() + AGE_TIMEOUT
        pending = unread - known.keys()
        while pending and monotonic() < deadline:
            # Two groups may be at different offsets of a partition: one of them at a time.
            turn = dict(pending)
            known |= self._fetch(turn, deadline, now)
            pending -= set(turn.items())
        self._written_at = known
        return known

    def _fetch(
        self, offsets: dict[TopicPartition, int], deadline: float, now: datetime
    ) -> dict[tuple[TopicPartition, int], datetime]:
        found: dict[tuple[TopicPartition, int], datetime] = {}
        waiting = dict(offsets)
        self._consumer.assign(list(waiting))
        for partition, offset in waiting.items():
            self._consumer.seek(partition, offset)
        while waiting and (left := deadline - monotonic()) > 0:
            for partition, records in self._consumer.poll(
                timeout_ms=max(1, int(left * 1000))
            ).items():
                if partition in waiting:
                    # Compaction may have removed the message at the offset; the next one counts.
                    at = received_at(records[0].timestamp, records[0].timestamp_type, now)
                    found[partition, waiting.pop(partition)] = at
                    self._consumer.pause(partition)
        self._consumer.unsubscribe()
        return found


class ReadsLag(Protocol):
    """The part of `LagReader` that `wait_until_drained` needs."""

    def read(self, groups: Groups, now: datetime | None) -> list[PartitionLag]: ...  # noqa: D102


def wait_until_drained(
    reader: ReadsLag,
    chain: Groups,
    timeout: float,
    on_progress: Callable[[list[PartitionLag]], None],
    *,
    clock: Callable[[], float] = monotonic,
    pause: Callable[[float], None] = sleep,
) -> bool:
    """Wait until all messages present at the call have passed through the whole `chain`.

    `chain` holds the groups in the order of the data flow. Each group must read the messages that
    its topics held when the group before it was done, and a group commits only after its output is
    confirmed: so nothing is in transit between two of them. Later messages do not prolong the wait.
    `on_progress` receives each reading of the current group.
    Returns False if that takes longer than `timeout` seconds.
    """
    deadline = clock() + timeout
    for group, topics in chain.items():
        targets: dict[tuple[str, int], int] = {}
        while True:
            lags = reader.read({group: topics}, None)
            if lags:
                on_progress(lags)
            targets = targets or {(lag.topic, lag.partition): lag.end for lag in lags}
            behind = [
                lag for lag in lags if lag.next < targets.get((lag.topic, lag.partition), lag.next)
            ]
            if not behind:
                break
            if clock() >= deadline:
                return False
            pause(DRAIN_POLL)
    return True
