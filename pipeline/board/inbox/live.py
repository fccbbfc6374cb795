"""Keeps the current cases in memory, for the inbox and its streams.

Cases, their alerts and actions come from the topics (`feed.py`) and from the store, in any order
and repeatedly; the highest revision of each stays.
"""

import asyncio
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.rank import ranked
from pipeline.follow_up.case import Case, CaseCause
from pipeline.model.action import Action
from pipeline.model.alert import Alert

KEPT = timedelta(days=3)
"""How long ended cases stay in the inbox."""
MOST_ACTIONS = 20
"""Actions kept for an alert or a case; its page reads all of them from the store."""
MOST_USERS = 100
"""Users whose ranking is cached."""
FRESH = timedelta(seconds=10)
"""Longest age of a cached ranking, since urgency grows with waiting time."""


class Live:
    """Items by case. Thread-safe; sets the event of each listener on every change."""

    def __init__(self, values: Mapping[str, float] | None = None) -> None:
        self._values = values or {}
        self._lock = threading.Lock()
        self._items: dict[str, InboxItem] = {}
        self._alerts: dict[str, Alert] = {}
        self._cases: dict[str, Case] = {}
        self._case_of: dict[str, str] = {}
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
        cases: Sequence[Case] = (),
        actions: Sequence[Action] = (),
    ) -> None:
        """Add published values; known or older revisions change nothing."""
        with self._lock:
            touched = {alert.id for alert in alerts if self._take_alert(alert)}
            touched |= {case.case_id for case in cases if self._take_case(case)}
            touched |= {action.alert_id for action in actions if self._take_action(action)}
            changed = {self._case_of.get(id_, id_) for id_ in touched}
            if not sum(self._put_together(case_id) for case_id in changed):
                return
            self._changes += 1
            listeners = list(self._listeners.items())
        for changed_event, loop in listeners:
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed_event.set)

    def _take_alert(self, alert: Alert) -> bool:
        known = self._alerts.get(alert.id)
        if known and known.revision >= alert.revision:
            return False
        self._alerts[alert.id] = alert
        return True

    def _take_case(self, case: Case) -> bool:
        known = self._cases.get(case.case_id)
        if known and known.revision >= case.revision:
            return False
        self._cases[case.case_id] = case
        self._case_of |= {cause.alert_id: case.case_id for cause in case.causes}
        return True

    def _take_action(self, action: Action) -> bool:
        known = self._actions.get(action.alert_id, ())
        if any(earlier.action_id == action.action_id for earlier in known):
            return False
        self._actions[action.alert_id] = newest_first((*known, action))[:MOST_ACTIONS]
        return True

    def _put_together(self, case_id: str) -> bool:
        """Make the item of a case anew, unless the case or its alerts are yet to come."""
        case = self._cases.get(case_id)
        if case is None or not (item := item_of(case, self._alerts, self._actions)):
            return False
        self._items[case_id] = item
        return True

    def incomplete(self) -> list[str]:
        """Return the ids of cases whose alerts are missing; the store has them."""
        with self._lock:
            return [id_ for id_ in self._cases if id_ not in self._items]

    def without_case(self) -> list[str]:
        """Return the ids of alerts whose case is missing: it has not begun, or the store has it."""
        with self._lock:
            return [id_ for id_ in self._alerts if id_ not in self._case_of]

    def forget(self, now: datetime) -> None:
        """Drop cases that ended long ago, with their alerts, and what lacks a case."""
        with self._lock:
            for id_, item in list(self._items.items()):
                if is_over(item, now):
                    del self._items[id_], self._cases[id_]
            for id_, case in list(self._cases.items()):
                if id_ not in self._items and now - case.updated_at > KEPT:
                    del self._cases[id_]
            self._case_of = {
                alert_id: id_ for alert_id, id_ in self._case_of.items() if id_ in self._cases
            }
            for id_, alert in list(self._alerts.items()):
                if id_ not in self._case_of and now - alert.updated_at > KEPT:
                    del self._alerts[id_]
            for id_, actions in list(self._actions.items()):
                known = id_ in self._case_of or id_ in self._cases
                if not known and now - actions[0].at > KEPT:
                    del self._actions[id_]

    def knows(self, id_: str) -> bool:
        """Return whether an alert or a case has come, even if it is not shown yet."""
        return id_ in self._alerts or id_ in self._cases

    def get(self, id_: str) -> InboxItem | None:
        """Return the item of a case or of an alert, or None if it is not in the inbox."""
        return self._items.get(self._case_of.get(id_, id_))

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


def item_of(
    case: Case, alerts: Mapping[str, Alert], actions: Mapping[str, Sequence[Action]]
) -> InboxItem | None:
    """Return the item of a case; None if no alert of it is known. `actions` are by what they name.

    Open causes come first, as in the case, and before all of them one that is a danger.
    """
    ids = [cause.alert_id for cause in case.causes]
    dangers = {cause.alert_id for cause in case.causes if _is_danger(cause, alerts)}
    ids.sort(key=lambda id_: id_ not in dangers)
    known = tuple(alerts[id_] for id_ in ids if id_ in alerts)
    mine = (action for id_ in (case.case_id, *ids) for action in actions.get(id_, ()))
    return InboxItem(case, known, newest_first(mine)) if known else None


def _is_danger(cause: CaseCause, alerts: Mapping[str, Alert]) -> bool:
    alert = alerts.get(cause.alert_id)
    return bool(alert and alert.in_danger and not cause.ended)


def newest_first(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return actions in the order in which a card shows them."""
    return tuple(sorted(actions, key=lambda each: (each.at, each.action_id), reverse=True))


def is_over(item: InboxItem, now: datetime) -> bool:
    """Return whether it ended too long ago for the inbox."""
    return item.ended and not item.to_inform and now - item.case.updated_at > KEPT
