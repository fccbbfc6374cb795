"""Follows what comes by the connections, and measures whether a source has fallen silent."""

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
"""More than what `cx.received` keeps."""
MOST = 200_000
"""Messages of a partition that are read again at the start, the newest."""
WAIT, AWAY, MEASURE_EVERY, RELOAD = 1.0, 5.0, 5.0, 60.0
"""Seconds: of a look at the topics, between tries, between measurements, until the topics are
looked for again where one is missing."""


class WatchDependencies(NamedTuple):
    """The connections, what is known of what they bring, the zone of their rhythm, the clock."""

    book: ConnectionBook
    traffic: Traffic
    zone: tzinfo
    clock: Callable[[], datetime]


class ConnectionWatch(BackgroundThread):
    """A thread that keeps the traffic and the connections in force up to date."""

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
        """Follow the topics until Kafka is away, or for a while if one is missing."""
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
    """Return the topics of deliveries from their newest messages on. Raises BrokerUnavailable."""
    return Tail(cluster.bootstrap, TOPICS, now - LOOKED_BACK, cluster.security, most)


def recent(cluster: Cluster, now: datetime) -> Traffic:
    """Return what came until now. Raises BrokerUnavailable."""
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
    """End the metrics: what is not known to be up to date must not ring."""
    metrics.LAST_DELIVERY.clear()
    metrics.CONNECTION_PATIENCE.clear()
