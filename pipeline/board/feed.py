"""Keeps the inbox up to date: from the store at the start, then from the topics.

The topics, not the store: `record` gathers its batches for half a second and writes events first,
so that with a look at the store every quarter of a second an alert would be seen about a second
after its event. A message of the topic is seen within milliseconds.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from pipeline.action import Action
from pipeline.alert import Alert, from_cloudevent
from pipeline.api.watching import Watching
from pipeline.board.live import KEPT, Live
from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.security import PLAINTEXT, Security
from pipeline.broker.tail import Tail
from pipeline.chain import ACTIONS, ALERTS, FOLLOW_UPS
from pipeline.follow_up.value import FollowUp, FollowUpEvent
from pipeline.store import Store, StoreUnavailable

log = structlog.get_logger(__name__)

TOPICS = (ALERTS, FOLLOW_UPS, ACTIONS)
RELOAD = 60.0
"""Seconds between two looks at the store, which mend what was missed."""
AWAY = 5.0
"""Seconds between them while Kafka does not answer."""
OVERLAP = timedelta(minutes=10)
"""Messages so old are read again at the start: they may not be in the store yet."""
LOADED = 10_000
"""Most rows of a kind that are read from the store."""
WAIT = 0.2
"""Seconds that a stop may have to wait for."""

_FOLLOW_UP = msgspec.json.Decoder(FollowUpEvent)
_ACTION = msgspec.json.Decoder(Action)


class Feed(Watching):
    """A thread that fills `live`. While Kafka or the store is away, what is known stays."""

    def __init__(
        self,
        live: Live,
        store: Store,
        bootstrap: str,
        clock: Callable[[], datetime],
        security: Security = PLAINTEXT,
    ) -> None:
        super().__init__("board")
        self._live = live
        self._store = store
        self._bootstrap = bootstrap
        self._clock = clock
        self._security = security

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._once()
            except (BrokerUnavailable, StoreUnavailable) as error:
                log.warning("the inbox is not up to date", reason=str(error))
            except Exception as error:  # else the inbox would stand still, and look fine
                log.error("the feed of the inbox failed", exc_info=error)
            self._stop.wait(AWAY)

    def _once(self) -> None:
        """Follow the topics until something is away."""
        since = self._clock() - OVERLAP
        load(self._store, self._live, self._clock())
        with Tail(self._bootstrap, TOPICS, since, self._security) as tail:
            loaded = self._clock()
            while not self._stop.is_set():
                take(tail.read(WAIT), self._live)
                if (self._clock() - loaded).total_seconds() > RELOAD:
                    loaded = self._clock()
                    load(self._store, self._live, loaded)
                    if len(tail.topics) < len(TOPICS):
                        return  # one may have been made meanwhile


def take(messages: Sequence[tuple[str, bytes]], live: Live) -> None:
    """Give messages of the topics to the inbox; what is none of ours is passed over."""
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
                actions.append(_ACTION.decode(value))
        except msgspec.DecodeError:
            log.warning("a message that is none of ours", topic=topic)  # `record` keeps it
    live.take(alerts, follow_ups, actions)


def load(store: Store, live: Live, now: datetime) -> None:
    """Fill the inbox with what is open and what ended lately. Raises StoreUnavailable."""
    live.forget(now)
    alerts = store.alerts(states=("open",), limit=LOADED)
    lately = store.alerts(since=now - KEPT, states=("open", "resolved", "withdrawn"), limit=LOADED)
    follow_ups = [
        *store.follow_ups(stages=("open", "acknowledged", "contacted"), limit=LOADED),
        *(one for one in store.follow_ups(limit=LOADED) if now - one.updated_at < KEPT),
    ]
    live.take([*alerts, *lately], follow_ups, store.actions(limit=LOADED))
    if early := [one.alert_id for one in live.without_alert()]:
        live.take(store.alerts(ids=early, limit=LOADED))
