"""Keeps the current alerts in memory, for the inbox and its streams.

Alerts, follow-ups and actions come from the topics (`feed.py`) and from the store, in any order and
repeatedly; the highest revision of each stays.
"""

import asyncio
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.rank import ranked
from pipeline.follow_up.value import FollowUp
from pipeline.model.action import Action
from pipeline.model.alert import Alert

KEPT = timedelta(days=3)
"""How long ended alerts stay in the inbox."""
MOST_ACTIONS = 20
"""Actions kept for an alert; its page reads all of them from the store."""
MOST_USERS = 100
"""Users whose ranking is cached."""
FRESH = timedelta(seconds=10)
"""Longest age of a cached ranking, since urgency grows with waiting time."""


class Live:
    """Items by alert. Thread-safe; sets the event of each listener on every change."""

    def __init__(self, values: Mapping[str, float] | None = None) -> None:
        self._values = values or {}
        self._lock = threading.Lock()
        self._items: dict[str, InboxItem] = {}
        self._early: dict[str, FollowUp] = {}
        self._actions: dict[str, tuple[Action, ...]] = {}
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._changes = 0
        self._epoch = secrets.token_hex(4)
        self._ranked: dict[str, tuple[int, datetime, list[InboxItem]]] = {}

    @property
    def version(self) -> str:
        """Identifies the content; differs after every change and between processes."""
        return f"{self._epoch}-{self._changes}"

    def take(
        self,
        alerts: Sequence[Alert] = (),
        follow_ups: Sequence[FollowUp] = (),
        actions: Sequence[Action] = (),
    ) -> None:
        """Add published values; known or older revisions change nothing."""
        with self._lock:
            touched = {id_ for alert in alerts if (id_ := self._take_alert(alert))}
            touched |= {id_ for follow_up in follow_ups if (id_ := self._take_follow_up(follow_up))}
            touched |= {id_ for action in actions if (id_ := self._take_action(action))}
            if not touched:
                return
            self._changes += 1
            listeners = list(self._listeners.items())
        for changed, loop in listeners:
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed.set)

    def _take_alert(self, alert: Alert) -> str | None:
        known = self._items.get(alert.id)
        if known and known.alert.revision >= alert.revision:
            return None
        follow_up = known.follow_up if known else self._early.pop(alert.id, None)
        self._items[alert.id] = InboxItem(alert, follow_up, self._actions.get(alert.id, ()))
        return alert.id

    def _take_follow_up(self, follow_up: FollowUp) -> str | None:
        id_ = follow_up.alert_id
        item = self._items.get(id_)
        known = item.follow_up if item else self._early.get(id_)
        if known and known.revision >= follow_up.revision:
            return None
        if item is None:
            self._early[id_] = follow_up
            return None
        self._items[id_] = InboxItem(item.alert, follow_up, item.actions)
        return id_

    def _take_action(self, action: Action) -> str | None:
        id_ = action.alert_id
        known = self._actions.get(id_, ())
        if any(earlier.action_id == action.action_id for earlier in known):
            return None
        newest_first = sorted((*known, action), key=lambda each: (each.at, each.action_id))[::-1]
        self._actions[id_] = tuple(newest_first[:MOST_ACTIONS])
        item = self._items.get(id_)
        if item is None:
            return None
        self._items[id_] = InboxItem(item.alert, item.follow_up, self._actions[id_])
        return id_

    def without_alert(self) -> list[FollowUp]:
        """Return follow-ups whose alert is missing; the store has it."""
        with self._lock:
            return list(self._early.values())

    def without_follow_up(self) -> list[Alert]:
        """Return alerts whose follow-up is missing: it has not begun, or the store has it."""
        with self._lock:
            return [item.alert for item in self._items.values() if item.follow_up is None]

    def forget(self, now: datetime) -> None:
        """Drop alerts that ended long ago."""
        with self._lock:
            gone = [id_ for id_, item in self._items.items() if is_over(item, now)]
            gone += [
                id_ for id_, follow_up in self._early.items() if now - follow_up.updated_at > KEPT
            ]
            for id_ in gone:
                self._items.pop(id_, None)
                self._early.pop(id_, None)
                self._actions.pop(id_, None)
            for id_, actions in list(self._actions.items()):
                if id_ not in self._items and now - actions[0].at > KEPT:
                    del self._actions[id_]

    def get(self, alert_id: str) -> InboxItem | None:
        """Return the item of an alert, or None if it is not in the inbox."""
        return self._items.get(alert_id)

    def ranked(self, now: datetime, user: str = "") -> list[InboxItem]:
        """Return all items ranked for a user; the ranking may be up to `FRESH` old."""
        with self._lock:
            changes, items = self._changes, list(self._items.values())
        last = self._ranked.get(user)
        if last is None or last[0] != changes or not timedelta(0) <= now - last[1] < FRESH:
            last = changes, now, ranked(items, now, self._values, user)
            if len(self._ranked) >= MOST_USERS:
                self._ranked.clear()
            self._ranked[user] = last
        return last[2]

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Yield an event that is set on every change; the listener clears it."""
        changed = asyncio.Event()
        with self._lock:
            self._listeners[changed] = asyncio.get_running_loop()
        try:
            yield changed
        finally:
            with self._lock:
                del self._listeners[changed]


def is_over(item: InboxItem, now: datetime) -> bool:
    """Return whether it ended too long ago for the inbox."""
    changed = item.follow_up.updated_at if item.follow_up else item.alert.updated_at
    return item.ended and not item.to_inform and now - changed > KEPT
