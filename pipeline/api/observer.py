"""Watches the consumer groups from outside: lag, last commit and rate of every partition."""

import time
from datetime import UTC, datetime

import msgspec
import structlog

from pipeline import metrics
from pipeline.api.views import PartitionStatus
from pipeline.api.watching import Watching
from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.broker.lag import LagReader, PartitionLag
from pipeline.broker.security import PLAINTEXT, Security
from pipeline.chain import GROUPS, role_of

log = structlog.get_logger(__name__)

INTERVAL = 1.0
SMOOTHING = 0.3
"""Weight of the newest second in a rate: a single batch should not make it jump."""


class Observation(msgspec.Struct, frozen=True):
    """What was seen last; `problem` says why the broker could not be asked."""

    partitions: tuple[PartitionStatus, ...] = ()
    problem: str | None = "not asked yet"


class Observer(Watching):
    """A thread that asks the broker every second; `latest` may be read from any thread."""

    def __init__(self, bootstrap: str, security: Security = PLAINTEXT) -> None:
        super().__init__("observer")
        self._bootstrap = bootstrap
        self._security = security
        self._asked = time.monotonic()
        self.latest = Observation()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with LagReader(self._bootstrap, self._security) as reader:
                    self._watch(reader)
            except (BrokerError, BrokerUnavailable) as error:
                self._note(str(error))
            except Exception as error:  # else `latest` would stay as it is, and look fine
                log.error("observer failed", exc_info=error)
                self._note(f"the lag cannot be read: {error!r}")

    def _note(self, problem: str) -> None:
        self.latest = Observation(self.latest.partitions, problem)
        metrics.BROKER_UP.labels(self._bootstrap).set(0)
        self._stop.wait(INTERVAL)

    def _watch(self, reader: LagReader) -> None:
        while not self._stop.is_set():
            asked, now = time.monotonic(), datetime.now(UTC)
            lags = reader.read(GROUPS, now)
            before, elapsed = self.latest.partitions, asked - self._asked
            self.latest = Observation(observe(before, lags, now, elapsed), None)
            metrics.BROKER_UP.labels(self._bootstrap).set(1)
            measure(self.latest.partitions)
            self._asked = asked
            self._stop.wait(INTERVAL)


def observe(
    before: tuple[PartitionStatus, ...], lags: list[PartitionLag], now: datetime, elapsed: float
) -> tuple[PartitionStatus, ...]:
    """Join what was seen `elapsed` seconds ago with the lags of `now`."""
    known = {(one.role, one.topic, one.partition): one for one in before}

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
    """Set the metrics of each role's lag: of all its partitions, and of the worst."""
    for role in {one.role for one in partitions}:
        own = [one for one in partitions if one.role == role]
        metrics.GROUP_LAG_EVENTS.labels(role).set(sum(one.lag_events for one in own))
        oldest = max(one.lag_seconds or 0.0 for one in own)
        metrics.GROUP_LAG_SECONDS.labels(role).set(oldest)
