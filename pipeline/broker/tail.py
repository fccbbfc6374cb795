"""Topics as they grow, read from outside: no group, no commits, every reader is given all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from kafka import KafkaConsumer, TopicPartition

from pipeline.broker.errors import reaching
from pipeline.broker.lag import CLIENT
from pipeline.broker.security import PLAINTEXT, Security

WAIT_MS = 2_000
"""For so long the broker waits for a message; the first one that comes it hands over at once."""


class Tail:
    """Messages of some topics from a moment on. Not for use by several threads at once."""

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        since: datetime,
        security: Security = PLAINTEXT,
    ) -> None:
        """Connect. Topics that do not exist are passed over. Raises BrokerUnavailable."""
        self._bootstrap = bootstrap
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
                self._go_to(partitions, since)

    def _go_to(self, partitions: list[TopicPartition], since: datetime) -> None:
        at = int(since.timestamp() * 1_000)
        ends = self._consumer.end_offsets(partitions)  # first, or what comes in between is missed
        found = self._consumer.offsets_for_times(dict.fromkeys(partitions, at))
        for partition in partitions:
            first = found.get(partition)
            self._consumer.seek(partition, first.offset if first else ends[partition])

    @property
    def topics(self) -> set[str]:
        """The topics that are read: those that existed."""
        return {partition.topic for partition in self._consumer.assignment()}

    def read(self, seconds: float) -> list[tuple[str, bytes]]:
        """Return topic and value of what came, at once if there is any, else after `seconds`.

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
