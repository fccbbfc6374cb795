"""Watches the events made of deliveries."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
from confluent_kafka import Consumer, TopicPartition

from benchmarks.machine import QUIET, Machine
from pipeline.contracts.topology import INTERACTIONS

PATIENCE = 60.0
"""Seconds to wait for expected events."""


class Arrivals:
    """The events on cx.interactions: how often each arrived, and when first, in Unix time."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.first: dict[str, float] = {}
        self._changed = threading.Condition()

    def add(self, value: bytes) -> None:
        """Note an event that has just arrived."""
        now, event_id = time.time(), msgspec.json.decode(value)["event_id"]
        with self._changed:
            self.times[event_id] += 1
            self.first.setdefault(event_id, now)
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Return once a condition holds, or after `PATIENCE`; check it at each event."""
        with self._changed:
            self._changed.wait_for(condition, PATIENCE)


@contextmanager
def arriving(machine: Machine) -> Iterator[Arrivals]:
    """Watch the topic from its beginning until the block ends."""
    arrivals, stopping = Arrivals(), threading.Event()
    reader = Consumer({**QUIET, "bootstrap.servers": machine.bootstrap, "group.id": "bench-came"})
    partitions = machine.admin.list_topics().topics[INTERACTIONS].partitions
    reader.assign([TopicPartition(INTERACTIONS, number, 0) for number in partitions])

    def watch() -> None:
        while not stopping.is_set():
            message = reader.poll(0.1)
            if message is not None and not message.error():
                arrivals.add(message.value())
        reader.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(watch)
        try:
            yield arrivals
        finally:
            stopping.set()
        done.result()
