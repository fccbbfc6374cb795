"""The store of events, each once, and of the KPIs computed from them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendars
from pipeline.common.epoch_micros import to_micros
from pipeline.follow_up.case import Case
from pipeline.follow_up.value import FollowUp, Stage
from pipeline.kpi.definitions import Dimension, KpiValue, Window
from pipeline.model.action import Action
from pipeline.model.alert import Alert, AlertState
from pipeline.model.audit import AuditEntry
from pipeline.model.contact import PAUSES, Pauses
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.model.event import AuthorType, Metric
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.store.audit_trail import read_audit, write_audit
from pipeline.store.backend import Backend
from pipeline.store.backup import Manifest, back_up, restore
from pipeline.store.cases import read_cases, write_cases
from pipeline.store.follow_ups import (
    read_actions,
    read_follow_ups,
    write_actions,
    write_follow_ups,
)
from pipeline.store.histories import read_histories, read_leavers, read_span
from pipeline.store.migrate import Migration, migrate
from pipeline.store.read_kpis import read_kpis
from pipeline.store.rows import (
    SCORED_COLUMNS,
    alert_columns,
    dead_letter_columns,
    epoch_minute,
    event_columns,
    minute_of,
    scored_of,
    shadow_columns,
)
from pipeline.store.sql import chosen, query
from pipeline.store.write_events import WriteResult, recompute, write_events


class Store:
    """Events, KPI minutes, alerts, follow-ups, cases, dead letters, and the audit trail.

    Writes are idempotent and may be repeated after any failure. Every method raises
    `StoreUnavailable` if the engine is away and a retry may help.
    """

    def __init__(
        self,
        backend: Backend,
        pauses: Pauses = PAUSES,
        calendars: Calendars = AROUND_THE_CLOCK,
    ) -> None:
        self._backend = backend
        self._pauses = pauses
        self._calendars = calendars

    def migrate(self, dry_run: bool = False) -> list[Migration]:
        """Migrate the tables and return the migrations applied (or to apply, with `dry_run`).

        Raises MigrationError if those applied before do not match this version.
        """
        return migrate(self._backend, dry_run)

    def write_events(self, scored: Sequence[Scored]) -> WriteResult:
        """Store a batch and recompute the affected KPI minutes.

        A copy of a stored event is dropped unless its rank (`Scored.rank`) is higher; then it
        replaces the stored one.
        """
        return write_events(self._backend, scored)

    def texts_between(
        self, start: datetime, end: datetime, after: Scored | None = None, limit: int = 1_000
    ) -> list[Scored]:
        """Return events of [start, end) with a reading of a text, ordered by key.

        `after` is the last event of the previous call.
        """
        statement = query("texts_between").format(columns=", ".join(SCORED_COLUMNS))
        found = self._backend.execute(
            statement,
            {
                "from_minute": epoch_minute(start),
                "to_minute": epoch_minute(end),
                "from_us": to_micros(start),
                "to_us": to_micros(end),
                "after_minute": minute_of(after.event) if after else 0,
                "after_id": after.event.event_id if after else "",
                "limit": limit,
            },
        )
        return [scored_of(row) for row in found]

    def restate(self, scored: Sequence[Scored], now: datetime) -> None:
        """Replace the readings of stored events, then recompute their KPI minutes.

        A later revision that arrived meanwhile stays, since only the reading is replaced: of rows
        of one revision the engine keeps the last inserted. Idempotent.
        """
        minutes = [minute_of(copy.event) for copy in scored]
        reread_at = int(now.timestamp())
        columns = event_columns(scored, minutes, reread_at=reread_at)
        if scored:
            self._backend.insert("events", columns)
        recompute(self._backend, set(minutes))

    def shadow(self, scored: Sequence[Scored], now: datetime) -> None:
        """Store shadow readings, which do not count."""
        if scored:
            columns = shadow_columns(scored, int(now.timestamp()))
            self._backend.insert("shadow_readings", columns)

    def write_alerts(self, alerts: Sequence[Alert], as_sent: Sequence[bytes] = ()) -> None:
        """Store alerts; reads return the highest revision.

        `as_sent` is their original JSON, which may hold more than this version knows.
        """
        if alerts:
            self._backend.insert("alerts", alert_columns(alerts, as_sent))

    def write_follow_ups(
        self, follow_ups: Sequence[FollowUp], as_sent: Sequence[bytes] = ()
    ) -> None:
        """Store follow-ups like `write_alerts`."""
        write_follow_ups(self._backend, follow_ups, as_sent)

    def write_cases(self, cases: Sequence[Case], as_sent: Sequence[bytes] = ()) -> None:
        """Store cases like `write_alerts`."""
        write_cases(self._backend, cases, as_sent)

    def write_actions(self, actions: Sequence[Action]) -> None:
        """Store actions on alerts."""
        write_actions(self._backend, actions)

    def write_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        """Store dead letters; one with `retried_at` replaces its copy without."""
        if letters:
            self._backend.insert("dead_letters", dead_letter_columns(letters))

    def write_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Store entries of the audit trail."""
        write_audit(self._backend, entries)

    def kpis(self, window: Window, by: Sequence[Dimension], as_of: datetime) -> list[KpiValue]:
        """Return every KPI of the window for each slice by the crossed dimensions `by`.

        Without dimensions there is one slice, {}; with them, every slice that has an event.
        Events that happened after `as_of` are not counted; those received after it are, such as
        revisions and late events. A missing dimension has the value "".
        Raises ValueError for an unknown dimension or a window that ends before it starts.
        """
        return read_kpis(self._backend, window, by, as_of, self._pauses, self._calendars)

    def alerts(
        self,
        *,
        since: datetime | None = None,
        customer_id: str | None = None,
        ids: Sequence[str] | None = None,
        without_states: Sequence[AlertState] = (),
        limit: int = 100,
    ) -> list[Alert]:
        """Return alerts that were opened at or after `since`, last opened first."""
        found = self._backend.execute(
            query("alerts"),
            {
                "since": to_micros(since) if since else -(2**62),
                "customer_id": customer_id or "",
                **chosen("ids", ids),
                "without_states": tuple(without_states) or ("",),
                "limit": limit,
            },
        )
        return [msgspec.json.decode(alert, type=Alert) for (alert,) in found]

    def inbox(self, since: datetime, limit: int) -> list[str]:
        """Return the ids of cases that need a person, first, then of those ended since `since`.

        After a person resolved a case, the customer is still to be informed.
        """
        found = self._backend.execute(query("inbox"), {"since": to_micros(since), "limit": limit})
        return [id_ for id_, _ in found]

    def follow_ups(
        self,
        *,
        stages: Sequence[Stage] | None = None,
        customer_id: str | None = None,
        alert_ids: Sequence[str] | None = None,
        limit: int = 1_000,
    ) -> list[FollowUp]:
        """Return follow-ups, last changed first."""
        return read_follow_ups(self._backend, stages, customer_id, alert_ids, limit)

    def cases(
        self,
        *,
        stages: Sequence[Stage] | None = None,
        customer_id: str | None = None,
        case_ids: Sequence[str] | None = None,
        alert_ids: Sequence[str] | None = None,
        limit: int = 1_000,
    ) -> list[Case]:
        """Return cases, last changed first; `alert_ids` are alerts of them."""
        return read_cases(self._backend, stages, customer_id, case_ids, alert_ids, limit)

    def actions(
        self, alert_id: str = "", customer_id: str = "", limit: int = 1_000
    ) -> list[Action]:
        """Return the actions on an alert or a customer, newest first."""
        return read_actions(self._backend, alert_id, customer_id, limit)

    def timeline(self, customer_id: str, limit: int = 100) -> list[Scored]:
        """Return the events of a customer, newest first."""
        statement = query("timeline").format(columns=", ".join(SCORED_COLUMNS))
        found = self._backend.execute(statement, {"customer_id": customer_id, "limit": limit})
        return [scored_of(row) for row in found]

    def histories(self) -> Iterator[list[Scored]]:
        """Yield the counted events of each customer, oldest first."""
        return read_histories(self._backend, self.counts()["events"])

    def span(self) -> tuple[datetime, datetime] | None:
        """Return when the first and the last counted event happened, None without any."""
        return read_span(self._backend)

    def leavers(self, start: datetime, end: datetime) -> list[str]:
        """Return the customers of whom a subscription or account ended in `[start, end)`."""
        return read_leavers(self._backend, start, end)

    def dead_letters(self, reason: Reason | None = None, limit: int = 100) -> list[DeadLetter]:
        """Return dead letters, first those not retried; each group last received first."""
        found = self._backend.execute(
            query("dead_letters"), {"reason": str(reason or ""), "limit": limit}
        )
        return [msgspec.json.decode(letter, type=DeadLetter) for (letter,) in found]

    def audit(
        self, since: datetime | None = None, by: str = "", customer_id: str = "", limit: int = 100
    ) -> list[AuditEntry]:
        """Return the audit trail since `since`, by user and by customer, newest first."""
        return read_audit(self._backend, since, by, customer_id, limit)

    def dead_letter_counts(self) -> dict[str, int]:
        """Return the number of dead letters that were not retried, by reason."""
        return dict(self._backend.execute(query("dead_letter_counts")))

    def unknown_values(self, since: datetime) -> list[tuple[str, str, int]]:
        """Return unknown values in events since a time.

        Each with its field and its number of events, most frequent first.
        """
        found = self._backend.execute(
            query("unknown_values"),
            {
                "since": epoch_minute(since),
                "types": tuple(EventType),
                "authors": tuple(AuthorType),
                "metrics": tuple(Metric),
            },
        )
        return [(str(field), str(value), int(events)) for field, value, events in found]

    def counts(self) -> dict[str, int]:
        """Return the numbers of stored events, alerts and dead letters, without duplicates."""
        return dict(self._backend.execute(query("table_counts")))

    def ping(self) -> str:
        """Return the version of the engine. Raises StoreUnavailable."""
        return str(self._backend.execute("SELECT version()")[0][0])

    def back_up(self, folder: Path, now: datetime) -> Manifest:
        """Back up all but derived tables to a new folder. Raises BackupError."""
        return back_up(self._backend, folder, now)

    def restore(self, folder: Path) -> Manifest:
        """Restore a backup of any engine into this empty store. Raises BackupError."""
        return restore(self._backend, folder)

    def close(self) -> None:
        """Release the engine."""
        self._backend.close()
