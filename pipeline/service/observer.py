"""Monitors the consumer groups: lag, last commit and rate of every partition."""

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
import structlog
from msgspec.structs import replace

from pipeline.broker.continuity import FailedRules, read_note
from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.broker.lag import LagReader, PartitionLag
from pipeline.broker.security import Cluster
from pipeline.common import metrics
from pipeline.common.background import BackgroundThread
from pipeline.contracts.topology import GROUPS, role_of
from pipeline.service.views import PartitionStatus

log = structlog.get_logger(__name__)

INTERVAL, QUIET_INTERVAL = 1.0, 15.0
"""Seconds between readings: while active or in demand, and otherwise."""
ANSWERS_WITHIN = 1.0
"""Seconds that a caller waits for a new reading."""
SMOOTHING = 0.3
"""Weight of the newest second in a rate, so that a single batch does not make it jump."""


class Observation(msgspec.Struct, frozen=True):
    """The last reading; `problem` says why the broker could not be read.

    `failed_rules` are the notes of the workers of `detect`.
    """

    partitions: tuple[PartitionStatus, ...] = ()
    problem: str | None = "not read yet"
    failed_rules: tuple[FailedRules, ...] = ()


class Observer(BackgroundThread):
    """A thread that reads the broker every second, less often while idle."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__("observer")
        self._cluster = cluster
        self._read_at = time.monotonic()
        self._changed = threading.Condition()
        self._wanted = threading.Event()
        self.latest = Observation()

    def look(self) -> Observation:
        """Return a reading of the last second, or an older one if the broker does not answer.

        Thread-safe.
        """
        with self._changed:
            if time.monotonic() - self._read_at > INTERVAL and self._thread.is_alive():
                seen = self.latest
                self._wanted.set()
                self._changed.wait_for(lambda: self.latest is not seen, ANSWERS_WITHIN)
            return self.latest

    def __exit__(self, *error: object) -> None:
        """Stop the thread."""
        self._stop.set()
        self._wanted.set()
        super().__exit__(*error)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with LagReader(*self._cluster) as reader:
                    self._watch(reader)
            except (BrokerError, BrokerUnavailable) as error:
                self._note(str(error))
            except Exception as error:  # otherwise `latest` would go stale unnoticed
                log.error("observer failed", exc_info=error)
                self._note(f"the lag cannot be read: {error!r}")

    def _note(self, problem: str) -> None:
        self._tell(replace(self.latest, problem=problem))
        metrics.BROKER_UP.labels(self._cluster.bootstrap).set(0)
        self._stop.wait(INTERVAL)

    def _watch(self, reader: LagReader) -> None:
        while not self._stop.is_set():
            read_at, now = time.monotonic(), datetime.now(UTC)
            lags = reader.read(GROUPS, now)
            before, elapsed = self.latest.partitions, read_at - self._read_at
            self._read_at = read_at
            self._tell(Observation(observe(before, lags, now, elapsed), None, noted_rules(lags)))
            metrics.BROKER_UP.labels(self._cluster.bootstrap).set(1)
            measure(self.latest.partitions)
            self._stop.wait(INTERVAL)
            if not moves(self.latest.partitions):
                self._wanted.wait(QUIET_INTERVAL - INTERVAL)

    def _tell(self, observation: Observation) -> None:
        with self._changed:
            self.latest = observation
            self._wanted.clear()
            self._changed.notify_all()


def noted_rules(lags: Iterable[PartitionLag]) -> tuple[FailedRules, ...]:
    """Return the notes of the workers of `detect` about rules that failed."""
    notes = [read_note(lag.note).failed for lag in lags if lag.note]
    return tuple(failed for failed in notes if failed)


def moves(partitions: tuple[PartitionStatus, ...]) -> bool:
    """Return whether a reading in a second is likely to differ."""
    return any(partition.lag_events or partition.rate for partition in partitions)


def observe(
    before: tuple[PartitionStatus, ...], lags: list[PartitionLag], now: datetime, elapsed: float
) -> tuple[PartitionStatus, ...]:
    """Combine the reading of `elapsed` seconds ago with the lags of `now`."""
    known = {(status.role, status.topic, status.partition): status for status in before}

    def status(lag: PartitionLag) -> PartitionStatus:
        role = role_of(lag.group)
        last = known.get((role, lag.topic, lag.partition))
        moved = lag.committed != last.committed if last else False
        done = (lag.committed or 0) - (last.committed or 0) if last and moved else 0
        rate = (1 - SMOOTHING) * (last.rate if last else 0) + SMOOTHING * done / max(elapsed, 1e-3)
        return PartitionStatus(
            role=role,
            topic=lag.topic,
            partition=lag.partition,
            lag_events=lag.events,
            lag_seconds=lag.seconds,
            committed=lag.committed,
            rate=round(rate, 1),
            last_commit=now if moved else last.last_commit if last else None,
        )

    return tuple(status(lag) for lag in lags)


def measure(partitions: tuple[PartitionStatus, ...]) -> None:
    """Set the lag metrics of each role: the sum of its partitions, and the largest."""
    for role in {status.role for status in partitions}:
        own = [status for status in partitions if status.role == role]
        metrics.GROUP_LAG_EVENTS.labels(role).set(sum(status.lag_events for status in own))
        oldest = max(status.lag_seconds or 0.0 for status in own)
        metrics.GROUP_LAG_SECONDS.labels(role).set(oldest)
