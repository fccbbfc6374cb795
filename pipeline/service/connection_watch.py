"""Follows the traffic of the connections, and measures whether a source has fallen silent."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

import structlog

from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.security import Cluster
from pipeline.broker.tail import Tail
from pipeline.common import metrics
from pipeline.common.background import BackgroundThread
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.connectors.watch.traffic import TOPICS, Traffic

log = structlog.get_logger(__name__)

LOOKED_BACK = timedelta(days=8)
"""More than the retention of `cx.received`."""
MOST = 200_000
"""Newest messages of a partition that are read at the start."""
WAIT, AWAY, MEASURE_EVERY, RELOAD = 1.0, 5.0, 5.0, 60.0
"""Seconds of a poll of the topics, between retries, between measurements, and until missing topics
are looked for again."""


class WatchDependencies(NamedTuple):
    """The connections, their traffic, the time zone of their rhythm, and the clock."""

    book: ConnectionBook
    traffic: Traffic
    zone: tzinfo
    clock: Callable[[], datetime]


class ConnectionWatch(BackgroundThread):
    """A thread that keeps traffic and connections up to date."""

    def __init__(self, cluster: Cluster, dependencies: WatchDependencies) -> None:
        super().__init__("connections")
        self._cluster = cluster
        self._book, self._traffic, self._zone, self._clock = dependencies

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except BrokerUnavailable as error:
                self._traffic.problem = str(error)
            except Exception as error:  # else the page would go stale unnoticed
                log.error("the watch of the connections failed", exc_info=error)
                self._traffic.problem = f"the topics cannot be read: {error!r}"
            forget()
            self._stop.wait(AWAY)

    def _follow(self) -> None:
        """Follow the topics until Kafka fails, or for a while if one is missing."""
        begin = measured = self._clock()
        with follow(self._cluster, begin) as tail:
            self._traffic.forget()
            while not self._stop.is_set():
                self._traffic.take(tail.read(WAIT))
                now = self._clock()
                if (now - measured).total_seconds() < MEASURE_EVERY:
                    continue
                measured, names = now, self._book.connections.keys()
                self._book.reload()
                if names - self._book.connections.keys():
                    forget()
                if tail.is_through:
                    self._traffic.problem = None
                    measure(self._book, self._traffic, now, self._zone)
                if len(tail.topics) < len(TOPICS) and (now - begin).total_seconds() > RELOAD:
                    return


def follow(cluster: Cluster, now: datetime, most: int = MOST) -> Tail:
    """Follow the topics of deliveries from their newest messages. Raises BrokerUnavailable."""
    return Tail(cluster.bootstrap, TOPICS, now - LOOKED_BACK, cluster.security, most)


def recent(cluster: Cluster, now: datetime) -> Traffic:
    """Return the recent traffic up to now. Raises BrokerUnavailable."""
    traffic = Traffic()
    with follow(cluster, now) as tail:
        while not tail.is_through:
            traffic.take(tail.read(WAIT))
    return traffic


def measure(book: ConnectionBook, traffic: Traffic, now: datetime, zone: tzinfo) -> None:
    """Set the metrics of each connection."""
    for name in book.connections:
        seen = traffic.summary(name, now, zone)
        if seen.last and seen.patience:
            metrics.LAST_DELIVERY.labels(name).set(seen.last.timestamp())
            metrics.CONNECTION_PATIENCE.labels(name).set(seen.patience.total_seconds())


def forget() -> None:
    """Remove the metrics: outdated ones must not raise alerts."""
    metrics.LAST_DELIVERY.clear()
    metrics.CONNECTION_PATIENCE.clear()
