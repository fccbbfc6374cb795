"""Keeps the inbox up to date: from the topics as they grow, and from the store.

The topics, not the store: `record` gathers its batches for half a second and writes events first,
so that with a look at the store every quarter of a second an alert would be seen about a second
after its event. A message of the topic is seen within milliseconds. The store has what is older.
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
from pipeline.contracts.topology import ACTIONS, ALERTS, FOLLOW_UPS
from pipeline.follow_up.value import FollowUp, FollowUpEvent
from pipeline.model.action import Action, problem_of
from pipeline.model.alert import Alert, from_cloudevent
from pipeline.store import Store, StoreUnavailable

log = structlog.get_logger(__name__)

TOPICS = (ALERTS, FOLLOW_UPS, ACTIONS)
RELOAD = 60.0
"""Seconds between two looks at the store, which mend what was missed."""
AWAY = 5.0
"""Seconds between them while Kafka or the store does not answer, and the least there are."""
OVERLAP = timedelta(minutes=10)
"""Messages so old are read again at the start: they may not be in the store yet."""
LOADED = 10_000
"""Most rows of a kind that are read from the store."""
WAIT = 1.0
"""Seconds that a stop may have to wait for."""

_FOLLOW_UP = msgspec.json.Decoder(FollowUpEvent)
_ACTION = msgspec.json.Decoder(Action)


class FeedDependencies(NamedTuple):
    """What is filled, from where beside the topics, and the time."""

    live: Live
    store: Store
    clock: Callable[[], datetime]


class Feed(BackgroundThread):
    """Two threads that fill `live`. What is known stays while Kafka or the store is away.

    One follows the topics and never waits for the store, which may take a minute to say that it is
    away; the other looks at the store from time to time, and soon where the first asks it to.
    """

    def __init__(self, cluster: Cluster, dependencies: FeedDependencies) -> None:
        super().__init__("board")
        self._cluster = cluster
        self._live, self._store, self._clock = dependencies
        self._asked = threading.Event()

    def _run(self) -> None:
        looks = threading.Thread(target=self._look, name="board-store", daemon=True)
        looks.start()
        while not self._stop.is_set():
            with _told():
                self._follow()
            self._asked.set()
            self._stop.wait(AWAY)
        self._asked.set()  # it waits for that, too
        looks.join()

    def _follow(self) -> None:
        """Follow the topics until Kafka is away, or for a while where one does not exist yet."""
        begin = self._clock()
        with Tail(self._cluster.bootstrap, TOPICS, begin - OVERLAP, self._cluster.security) as tail:
            while not self._stop.is_set():
                if take(tail.read(WAIT), self._live):
                    self._asked.set()
                missing = len(tail.topics) < len(TOPICS)
                if missing and (self._clock() - begin).total_seconds() > RELOAD:
                    return  # one may have been made meanwhile

    def _look(self) -> None:
        """Look at the store until the feed ends."""
        while not self._stop.is_set():
            pause = AWAY
            with _told():
                load(self._store, self._live, self._clock())
                pause = RELOAD
            self._stop.wait(AWAY)
            self._asked.wait(pause - AWAY)
            self._asked.clear()


@contextmanager
def _told() -> Iterator[None]:
    """Log what goes wrong, for nothing may end a thread: the inbox would look fine."""
    try:
        yield
    except (BrokerUnavailable, StoreUnavailable) as error:
        log.warning("the inbox is not up to date", reason=str(error))
    except Exception as error:
        log.error("the feed of the inbox failed", exc_info=error)


def take(messages: Sequence[tuple[str, bytes]], live: Live) -> bool:
    """Give messages of the topics to the inbox; what is none of ours is passed over.

    Return whether one is about an alert that has a past and is not in the inbox: the store knows
    how far it is.
    """
    alerts: list[Alert] = []
    follow_ups: list[FollowUp] = []
    actions: list[Action] = []
    for topic, value in messages:
        try:
            if topic == ALERTS:
                alerts.append(from_cloudevent(value))
            elif topic == FOLLOW_UPS:
                follow_ups.append(_FOLLOW_UP.decode(value).data)
            else:
                actions.append(_in_order(_ACTION.decode(value)))
        except (msgspec.DecodeError, RecursionError):
            log.warning("a message that is none of ours", topic=topic)  # `record` keeps it
    older = {alert.id for alert in alerts if alert.revision > 1}
    older |= {follow_up.alert_id for follow_up in follow_ups if follow_up.revision > 1}
    unknown = any(live.get(alert_id) is None for alert_id in older)
    live.take(alerts, follow_ups, actions)
    return unknown


def _in_order(action: Action) -> Action:
    """Return an action that the other readers take, too. Raises msgspec.DecodeError."""
    if problem := problem_of(action):
        raise msgspec.DecodeError(problem)
    return action


def load(store: Store, live: Live, now: datetime) -> None:
    """Fill the inbox with what waits and what ended lately. Raises StoreUnavailable."""
    ids = store.inbox(now - KEPT, LOADED)
    live.take(
        store.alerts(ids=ids, limit=LOADED),
        store.follow_ups(alert_ids=ids, limit=LOADED),
        store.actions(limit=LOADED),
    )
    if early := [follow_up.alert_id for follow_up in live.without_alert()]:
        live.take(store.alerts(ids=early, limit=LOADED))
    if bare := [alert.id for alert in live.without_follow_up()]:
        live.take(follow_ups=store.follow_ups(alert_ids=bare, limit=LOADED))
    live.forget(now)
