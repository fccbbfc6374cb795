"""Follows topics without a consumer group: nothing is committed, every reader gets everything."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from kafka import KafkaConsumer, TopicPartition

from pipeline.broker.errors import reaching
from pipeline.broker.lag import CLIENT
from pipeline.broker.security import PLAINTEXT, Security

WAIT_MS = 2_000
"""How long the broker holds a fetch; the first message ends the wait."""


class Tail:
    """Messages of some topics from a moment on. Not thread-safe."""

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        since: datetime,
        security: Security = PLAINTEXT,
        most: int | None = None,
    ) -> None:
        """Connect; missing topics are skipped. Raises BrokerUnavailable.

        `most` is the number of newest existing messages to read of each partition.
        """
        self._bootstrap = bootstrap
        self._ends: dict[TopicPartition, int] = {}
        with reaching(bootstrap):
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap,
                enable_auto_commit=False,
                isolation_level="read_committed",
                fetch_max_wait_ms=WAIT_MS,
                **CLIENT,
                **security,
            )
            partitions = [
                TopicPartition(topic, number)
                for topic in topics
                for number in self._consumer.partitions_for_topic(topic) or ()
            ]
            self._consumer.assign(partitions)
            if partitions:
                self._go_to(partitions, since, most)

    def _go_to(self, partitions: list[TopicPartition], since: datetime, most: int | None) -> None:
        at = int(since.timestamp() * 1_000)
        self._ends = ends = self._consumer.end_offsets(
            partitions
        )  # first, or what comes in between is missed
        found = self._consumer.offsets_for_times(dict.fromkeys(partitions, at))
        for partition in partitions:
            first, end = found.get(partition), ends[partition]
            start = first.offset if first else end
            self._consumer.seek(partition, start if most is None else max(start, end - most))

    @property
    def is_through(self) -> bool:
        """Whether all messages existing at the connection are read. Raises BrokerUnavailable."""
        with reaching(self._bootstrap):
            return all(self._consumer.position(one) >= end for one, end in self._ends.items())

    @property
    def topics(self) -> set[str]:
        """The topics that existed and are followed."""
        return {partition.topic for partition in self._consumer.assignment()}

    def read(self, seconds: float) -> list[tuple[str, bytes]]:
        """Return topic and value of new messages, at once if there are any, else after `seconds`.

        Raises BrokerUnavailable.
        """
        with reaching(self._bootstrap):
            batches = self._consumer.poll(timeout_ms=int(seconds * 1_000))
        return [
            (partition.topic, record.value)
            for partition, records in batches.items()
            for record in records
            if record.value is not None
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close(autocommit=False)
