"""Topics as they grow: nothing is missed where reading begins."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition

from pipeline.broker import tail as tail_module
from pipeline.broker.tail import Tail

SINCE = datetime(2026, 3, 2, tzinfo=UTC)


class Busy:
    """Stands in for a consumer of one partition, to which a message comes after each question."""

    def __init__(self, **_: Any) -> None:
        self._log: list[bytes] = []
        self._at = 0

    def partitions_for_topic(self, _: str) -> set[int]:
        return {0}

    def assign(self, _: Iterable[TopicPartition]) -> None:
        pass

    def seek(self, _: TopicPartition, offset: int) -> None:
        self._at = offset

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return self._answer(dict.fromkeys(partitions, len(self._log)))

    def offsets_for_times(self, times: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
        first = SimpleNamespace(offset=0) if self._log else None
        return self._answer(dict.fromkeys(times, first))

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        return {
            TopicPartition("t", 0): [SimpleNamespace(value=one) for one in self._log[self._at :]]
        }

    def close(self, *, autocommit: bool) -> None:
        pass

    def _answer(self, answer: Any) -> Any:
        self._log.append(b"%d" % len(self._log))
        return answer


def test_what_comes_while_the_beginning_is_looked_for_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tail_module, "KafkaConsumer", Busy)
    with Tail("kafka:9092", ["t"], SINCE) as tail:
        assert tail.read(0) == [("t", b"0"), ("t", b"1")]
