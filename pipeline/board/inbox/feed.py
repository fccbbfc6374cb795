"""Keeps the inbox up to date from the topics, and from the store for what is older.

A message of a topic arrives within milliseconds. Through the store, even if polled four times a
second, an alert would arrive about a second after its event, since `record` batches for half a
second and writes events first.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import structlog

from pipeline.board.inbox.live import KEPT, Live
from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.security import Cluster
from pipeline.broker.tail import Tail
from pipeline.common.background import BackgroundThread
from pipeline.contracts.topology import ACTIONS, ALERTS, CASES
from pipeline.follow_up.case import Case, CaseEvent
from pipeline.model.action import Action, problem_of
from pipeline.model.alert import Alert, from_cloudevent
from pipeline.store import Store, StoreUnavailable

log = structlog.get_logger(__name__)

TOPICS = (ALERTS, CASES, ACTIONS)
RELOAD = 60.0
"""Seconds between two loads from the store, which repair what was missed."""
AWAY = 5.0
"""Seconds between loads while Kafka or the store does not answer, and the minimum."""
OVERLAP = timedelta(minutes=10)
"""Age of messages that are read again at the start, since the store may not have them yet."""
LOADED = 10_000
"""Most rows of a kind to read from the store."""
WAIT = 1.0
"""Seconds that a stop may take."""

_CASE = msgspec.json.Decoder(CaseEvent)
_ACTION = msgspec.json.Decoder(Action)


class FeedDependencies(NamedTuple):
    """The inbox to fill, the store and the clock."""

    live: Live
    store: Store
    clock: Callable[[], datetime]


class Feed(BackgroundThread):
    """Two threads that fill `live`, and keep its content while Kafka or the store is unavailable.

    One follows the topics without waiting for the store, whose timeout may take a minute; the other
    loads from the store periodically, and soon when the first requests it.
    """

    def __init__(self, cluster: Cluster, dependencies: FeedDependencies) -> None:
        super().__init__("board")
        self._cluster = cluster
        self._live, self._store, self._clock = dependencies
        self._wanted = threading.Event()

    def _run(self) -> None:
        looks = threading.Thread(target=self._look, name="board-store", daemon=True)
        looks.start()
        while not self._stop.is_set():
            with _logged():
                self._follow()
            self._wanted.set()
            self._stop.wait(AWAY)
        self._wanted.set()  # ends its wait
        looks.join()

    def _follow(self) -> None:
        """Follow the topics until Kafka is unavailable, or for a while if a topic is missing."""
        begin = self._clock()
        with Tail(self._cluster.bootstrap, TOPICS, begin - OVERLAP, self._cluster.security) as tail:
            while not self._stop.is_set():
                if take(tail.read(WAIT), self._live):
                    self._wanted.set()
                missing = len(tail.topics) < len(TOPICS)
                if missing and (self._clock() - begin).total_seconds() > RELOAD:
                    return  # it may exist by now

    def _look(self) -> None:
        """Load from the store until the feed ends."""
        while not self._stop.is_set():
            pause = AWAY
            with _logged():
                load(self._store, self._live, self._clock())
                pause = RELOAD
            self._stop.wait(AWAY)
            self._wanted.wait(pause - AWAY)
            self._wanted.clear()


@contextmanager
def _logged() -> Iterator[None]:
    """Log errors: if one ended the thread, the inbox would go stale unnoticed."""
    try:
        yield
    except (BrokerUnavailable, StoreUnavailable) as error:
        log.warning("the inbox is not up to date", reason=str(error))
    except Exception as error:
        log.error("the feed of the inbox failed", exc_info=error)


def take(messages: Sequence[tuple[str, bytes]], live: Live) -> bool:
    """Add messages of the topics to the inbox, skipping invalid ones.

    Return whether a message is about an earlier alert or case that is not in the inbox; the store
    has its state.
    """
    alerts: list[Alert] = []
    cases: list[Case] = []
    actions: list[Action] = []
    for topic, value in messages:
        try:
            if topic == ALERTS:
                alerts.append(from_cloudevent(value))
            elif topic == CASES:
                cases.append(_CASE.decode(value).data)
            else:
                actions.append(_in_order(_ACTION.decode(value)))
        except (msgspec.DecodeError, RecursionError):
            log.warning("invalid message", topic=topic)  # `record` keeps it
    older = {alert.id for alert in alerts if alert.revision > 1}
    older |= {case.case_id for case in cases if case.revision > 1}
    unknown = not all(map(live.knows, older))
    live.take(alerts, cases, actions)
    return unknown


def _in_order(action: Action) -> Action:
    """Return an action that is valid for all readers. Raises msgspec.DecodeError."""
    if problem := problem_of(action):
        raise msgspec.DecodeError(problem)
    return action


def load(store: Store, live: Live, now: datetime) -> None:
    """Load open and recently ended cases into the inbox. Raises StoreUnavailable."""
    ids = [*store.inbox(now - KEPT, LOADED), *live.incomplete()]
    cases = store.cases(case_ids=ids, limit=LOADED)
    alert_ids = [cause.alert_id for case in cases for cause in case.causes]
    alerts = store.alerts(ids=alert_ids, limit=len(alert_ids))
    live.take(alerts, cases, store.actions(limit=LOADED))
    if bare := live.without_case():
        live.take(cases=store.cases(alert_ids=bare, limit=LOADED))
    live.forget(now)
