"""The store: what happened, each event once, and the KPIs formed from it."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from pipeline.alert import Alert, AlertState
from pipeline.dead_letter import DeadLetter, Reason
from pipeline.kpi import Dimension, KpiValue, Window
from pipeline.micros import to_micros
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
    `minutes` are those whose KPIs were recomputed, the minutes of duplicates too.
    """

    stored: int
    duplicates: int
    replaced: int
    minutes: tuple[datetime, ...]


class _Delivery(NamedTuple):
    """An event of a batch: its highest revision there and in the store (-1 where it is new).

    `minutes` are all in which it may be stored: those of the batch's copies and of the index.
    """

    latest: Scored
    known_revision: int
    minutes: frozenset[int]

    @property
    def is_news(self) -> bool:
        return self.latest.event.revision > self.known_revision


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
        """Store a batch; `version` is now in nanoseconds: of two KPI minutes the later holds.

        A known event is dropped unless its revision is higher; then it replaces the other.
        The order is events, index, KPI minutes: the index says that an event is stored, so it
        follows the event, and the minutes of known events too are recomputed, because a crash
        may have come before that.
        """
        began = time.monotonic_ns()
        deliveries = self._deliveries(scored)
        news = [delivery for delivery in deliveries if delivery.is_news]
        self._insert_events(news)
        minutes = sorted(frozenset[int]().union(*(delivery.minutes for delivery in deliveries)))
        # The version is taken after the insert: of two writers of one minute, the one that
        # reads the events later must hold.
        self._recompute(minutes, version + time.monotonic_ns() - began)
        stored = sum(delivery.known_revision < 0 for delivery in news)
        return WriteResult(
            stored=stored,
            duplicates=len(scored) - len(news),
            replaced=len(news) - stored,
            minutes=tuple(datetime.fromtimestamp(minute, UTC) for minute in minutes),
        )

    def _deliveries(self, scored: Sequence[Scored]) -> list[_Delivery]:
        """Put the copies of each event together with what the index knows of it."""
        copies: dict[str, list[Scored]] = {}
        for one in scored:
            copies.setdefault(one.event.event_id, []).append(one)
        if not copies:
            return []
        found = self._backend.execute(query("known_events"), {"event_ids": tuple(copies)})
        known = {event_id: (revision, minutes) for event_id, revision, minutes in found}
        deliveries = []
        for event_id, same in copies.items():
            revision, minutes = known.get(event_id, (-1, ()))
            # The first of equal revisions: max keeps the first.
            latest = max(same, key=lambda one: one.event.revision)
            delivered = (rows.minute_of(one.event) for one in same)
            deliveries.append(_Delivery(latest, revision, frozenset((*delivered, *minutes))))
        return deliveries

    def _insert_events(self, news: Sequence[_Delivery]) -> None:
        """Insert each event at its minute, and a tombstone at every other it may be in."""
        events: list[Row] = []
        index: list[Row] = []
        for one, _, minutes in news:
            present = rows.minute_of(one.event)
            for minute in minutes:
                events.append(rows.event_row(one, minute, is_deleted=minute != present))
            index.append((one.event.event_id, present, one.event.revision))
        if news:
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
                "since": to_micros(since) if since else -(2**62),
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
