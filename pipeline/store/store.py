"""The store: what happened, each event once, and the KPIs formed from it."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from pipeline.alert import Alert, AlertState
from pipeline.dead_letter import DeadLetter, Reason
from pipeline.kpi import Dimension, KpiValue, Window
from pipeline.reading import Scored
from pipeline.store import rows
from pipeline.store.backend import Backend, Row
from pipeline.store.migrate import Migration, migrate
from pipeline.store.read_kpis import read_kpis
from pipeline.store.sql import query

_STATES: tuple[AlertState, ...] = ("open", "resolved", "withdrawn")


class WriteResult(NamedTuple):
    """What a batch changed; the three numbers add up to its length.

    `duplicates` changed nothing: they were stored before, or their batch held a later revision.
    `minutes` are those whose KPIs were recomputed.
    """

    stored: int
    duplicates: int
    replaced: int
    minutes: tuple[datetime, ...]


class _Known(NamedTuple):
    """Where an event is: its present minute and revision, and every minute it has been in."""

    minute: int
    revision: int
    minutes: frozenset[int]


class Store:
    """Events, KPI minutes, alerts and dead letters in a ClickHouse engine.

    Every write may be repeated after any failure: the result is as if it had been made once.
    Every method raises `StoreUnavailable` where the engine is away and waiting may help.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def migrate(self, dry_run: bool = False) -> list[Migration]:
        """Bring the tables up to date and return the migrations applied (or still to apply).

        Raises MigrationError where those applied before are not those of this version.
        """
        return migrate(self._backend, dry_run)

    def write_events(self, scored: Sequence[Scored], version: int) -> WriteResult:
        """Store a batch; `version` is now in nanoseconds: of two writes the higher holds.

        A known event is dropped unless its revision is higher; then it replaces the other.
        The order is events, index, KPI minutes: the index says that an event is stored, so it
        follows the event, and the minutes of known events too are recomputed, because a crash
        may have come before that.
        """
        began = time.monotonic_ns()
        deliveries = _by_event(scored)
        known = self._known(list(deliveries))
        new = {
            event_id: one
            for event_id, copies in deliveries.items()
            if (one := _latest(copies)).event.revision > _revision(known.get(event_id))
        }
        minutes = {
            event_id: {rows.minute_of(one.event) for one in copies if event_id in new}
            | (known[event_id].minutes if event_id in known else set())
            for event_id, copies in deliveries.items()
        }
        self._insert_events(new, minutes, version)
        touched = sorted(set().union(*minutes.values()))
        # The version is taken after the insert: of two writers of one minute, the one that
        # reads the events later must hold.
        self._recompute(touched, version + time.monotonic_ns() - began)
        replaced = sum(event_id in known for event_id in new)
        return WriteResult(
            stored=len(new) - replaced,
            duplicates=len(scored) - len(new),
            replaced=replaced,
            minutes=tuple(datetime.fromtimestamp(minute, UTC) for minute in touched),
        )

    def _known(self, event_ids: Sequence[str]) -> dict[str, _Known]:
        if not event_ids:
            return {}
        found = self._backend.execute(query("known_events"), {"event_ids": tuple(event_ids)})
        return {id_: _Known(minute, rev, frozenset(all_)) for id_, minute, rev, all_ in found}

    def _insert_events(
        self, new: dict[str, Scored], minutes: dict[str, set[int]], version: int
    ) -> None:
        """Insert each event at its minute, and a tombstone at every other it may be in."""
        events: list[Row] = []
        index: list[Row] = []
        for event_id, one in new.items():
            present = rows.minute_of(one.event)
            for minute in minutes[event_id]:
                events.append(rows.event_row(one, minute, version, is_deleted=minute != present))
            index.append((event_id, present, one.event.revision))
        if new:
            self._backend.insert("events", rows.EVENT_COLUMNS, events)
            self._backend.insert("event_index", rows.INDEX_COLUMNS, index)

    def _recompute(self, minutes: Sequence[int], version: int) -> None:
        if minutes:
            self._backend.execute(
                query("recompute_minutes"), {"minutes": tuple(minutes), "version": version}
            )

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        """Store alerts; of several revisions of one alert the highest is read."""
        if alerts:
            self._backend.insert("alerts", rows.ALERT_COLUMNS, [rows.alert_row(a) for a in alerts])

    def write_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        """Store dead letters; one with `retried_at` replaces the same one without."""
        if letters:
            found = [rows.dead_letter_row(letter) for letter in letters]
            self._backend.insert("dead_letters", rows.DEAD_LETTER_COLUMNS, found)

    def kpis(self, window: Window, by: Sequence[Dimension], as_of: datetime) -> list[KpiValue]:
        """Return every KPI of the window, of each slice by the crossed dimensions `by`.

        Without dimensions there is one slice, {}; with them, every slice that has an event.
        Events after `as_of` are not counted. A dimension that was not given has the value "".
        Raises ValueError for an unknown dimension or a window that ends before it starts.
        """
        return read_kpis(self._backend, window, by, as_of)

    def alerts(
        self,
        *,
        since: datetime | None = None,
        customer_id: str | None = None,
        states: Sequence[AlertState] | None = None,
        limit: int = 100,
    ) -> list[Alert]:
        """Return alerts that were opened at or after `since`, the last opened first."""
        found = self._backend.execute(
            query("alerts"),
            {
                "since": rows.micros(since) if since else -(2**62),
                "customer_id": customer_id or "",
                "states": tuple(_STATES if states is None else states) or ("",),
                "limit": limit,
            },
        )
        return [msgspec.json.decode(alert, type=Alert) for (alert,) in found]

    def timeline(self, customer_id: str, limit: int = 100) -> list[Scored]:
        """Return the events of a customer, the last first."""
        statement = query("timeline").format(columns=", ".join(rows.SCORED_COLUMNS))
        found = self._backend.execute(statement, {"customer_id": customer_id, "limit": limit})
        return [rows.scored_of(row) for row in found]

    def dead_letters(self, reason: Reason | None = None, limit: int = 100) -> list[DeadLetter]:
        """Return dead letters: those not retried, then the others, each the last received first."""
        found = self._backend.execute(
            query("dead_letters"), {"reason": str(reason or ""), "limit": limit}
        )
        return [msgspec.json.decode(letter, type=DeadLetter) for (letter,) in found]

    def dead_letter_counts(self) -> dict[str, int]:
        """Return how many dead letters have not been retried, by reason."""
        return dict(self._backend.execute(query("dead_letter_counts")))

    def counts(self) -> dict[str, int]:
        """Return how many events, alerts and dead letters are stored, each counted once."""
        return dict(self._backend.execute(query("table_counts")))

    def ping(self) -> str:
        """Return the version of the engine, or raise StoreUnavailable."""
        return str(self._backend.execute("SELECT version()")[0][0])

    def close(self) -> None:
        """Let go of the engine."""
        self._backend.close()


def _by_event(scored: Iterable[Scored]) -> dict[str, list[Scored]]:
    deliveries: dict[str, list[Scored]] = {}
    for one in scored:
        deliveries.setdefault(one.event.event_id, []).append(one)
    return deliveries


def _latest(copies: Sequence[Scored]) -> Scored:
    """The highest revision; of equal ones the first that was delivered."""
    return max(copies, key=lambda one: one.event.revision)


def _revision(known: _Known | None) -> int:
    return -1 if known is None else known.revision
