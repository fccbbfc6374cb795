"""The store: what happened, each event once, and the KPIs formed from it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendars
from pipeline.common.epoch_micros import to_micros
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
from pipeline.store.follow_ups import (
    read_actions,
    read_follow_ups,
    write_actions,
    write_follow_ups,
)
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
from pipeline.store.sql import query
from pipeline.store.write_events import WriteResult, recompute, write_events


class Store:
    """Events, KPI minutes, alerts with their follow-ups, dead letters, and the audit trail.

    Every write may be repeated after any failure: the result is as if it had been made once.
    Every method raises `StoreUnavailable` where the engine is away and waiting may help.
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
        """Bring the tables up to date and return the migrations applied (or still to apply).

        Raises MigrationError where those applied before are not those of this version.
        """
        return migrate(self._backend, dry_run)

    def write_events(self, scored: Sequence[Scored]) -> WriteResult:
        """Store a batch and recompute the KPI minutes that it touches.

        A known event is dropped unless its rank (`Scored.rank`) is higher; then it replaces the
        other.
        """
        return write_events(self._backend, scored)

    def texts_between(
        self, start: datetime, end: datetime, after: Scored | None = None, limit: int = 1_000
    ) -> list[Scored]:
        """Return events of [start, end) that have a reading of a text, in the order of their keys.

        `after` is the last one of the call before.
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
        """Give stored events other readings, then recompute the KPI minutes that they are in.

        A later revision that has come meanwhile stays, since only the reading is replaced: of rows
        of one revision the engine keeps the one that was inserted last. May be repeated.
        """
        minutes = [minute_of(one.event) for one in scored]
        reread_at = int(now.timestamp())
        columns = event_columns(scored, minutes, reread_at=reread_at)
        if scored:
            self._backend.insert("events", columns)
        recompute(self._backend, set(minutes))

    def shadow(self, scored: Sequence[Scored], now: datetime) -> None:
        """Store readings beside those that count."""
        if scored:
            columns = shadow_columns(scored, int(now.timestamp()))
            self._backend.insert("shadow_readings", columns)

    def write_alerts(self, alerts: Sequence[Alert], as_sent: Sequence[bytes] = ()) -> None:
        """Store alerts; of several revisions of one alert the highest is read.

        `as_sent` is the JSON of each, where it may hold more than this version knows.
        """
        if alerts:
            self._backend.insert("alerts", alert_columns(alerts, as_sent))

    def write_follow_ups(
        self, follow_ups: Sequence[FollowUp], as_sent: Sequence[bytes] = ()
    ) -> None:
        """Store follow-ups, as `write_alerts` does alerts."""
        write_follow_ups(self._backend, follow_ups, as_sent)

    def write_actions(self, actions: Sequence[Action]) -> None:
        """Store what people did about alerts."""
        write_actions(self._backend, actions)

    def write_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        """Store dead letters; one with `retried_at` replaces the same one without."""
        if letters:
            self._backend.insert("dead_letters", dead_letter_columns(letters))

    def write_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Store entries of the audit trail."""
        write_audit(self._backend, entries)

    def kpis(self, window: Window, by: Sequence[Dimension], as_of: datetime) -> list[KpiValue]:
        """Return every KPI of the window, of each slice by the crossed dimensions `by`.

        Without dimensions there is one slice, {}; with them, every slice that has an event.
        What happened after `as_of` is not counted; what was received after it is, as revisions
        and late events. A dimension that was not given has the value "".
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
        """Return alerts that were opened at or after `since`, the last opened first."""
        found = self._backend.execute(
            query("alerts"),
            {
                "since": to_micros(since) if since else -(2**62),
                "customer_id": customer_id or "",
                "all_ids": int(ids is None),
                "ids": tuple(ids or ("",)),
                "without_states": tuple(without_states) or ("",),
                "limit": limit,
            },
        )
        return [msgspec.json.decode(alert, type=Alert) for (alert,) in found]

    def inbox(self, since: datetime, limit: int) -> list[str]:
        """Return the ids of alerts that ask something of a person, or ended at or after `since`.

        An alert ends with its follow-up, whatever its own state; where there is none yet, by its
        state. One that a person resolved asks for the customer to be informed. These come first.
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
        """Return follow-ups, the last changed first."""
        return read_follow_ups(self._backend, stages, customer_id, alert_ids, limit)

    def actions(
        self, alert_id: str = "", customer_id: str = "", limit: int = 1_000
    ) -> list[Action]:
        """Return what people did about an alert or a customer, the last first."""
        return read_actions(self._backend, alert_id, customer_id, limit)

    def timeline(self, customer_id: str, limit: int = 100) -> list[Scored]:
        """Return the events of a customer, the last first."""
        statement = query("timeline").format(columns=", ".join(SCORED_COLUMNS))
        found = self._backend.execute(statement, {"customer_id": customer_id, "limit": limit})
        return [scored_of(row) for row in found]

    def dead_letters(self, reason: Reason | None = None, limit: int = 100) -> list[DeadLetter]:
        """Return dead letters: those not retried, then the others, each the last received first."""
        found = self._backend.execute(
            query("dead_letters"), {"reason": str(reason or ""), "limit": limit}
        )
        return [msgspec.json.decode(letter, type=DeadLetter) for (letter,) in found]

    def audit(
        self, since: datetime | None = None, by: str = "", customer_id: str = "", limit: int = 100
    ) -> list[AuditEntry]:
        """Return the audit trail from `since` on, of one user, about one customer; newest first."""
        return read_audit(self._backend, since, by, customer_id, limit)

    def dead_letter_counts(self) -> dict[str, int]:
        """Return how many dead letters have not been retried, by reason."""
        return dict(self._backend.execute(query("dead_letter_counts")))

    def unknown_values(self, since: datetime) -> list[tuple[str, str, int]]:
        """Return values of events since a time that are none of the known choices.

        Each with its field and its number of events, the most frequent first.
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
        """Return how many events, alerts and dead letters are stored, each counted once."""
        return dict(self._backend.execute(query("table_counts")))

    def ping(self) -> str:
        """Return the version of the engine, or raise StoreUnavailable."""
        return str(self._backend.execute("SELECT version()")[0][0])

    def back_up(self, folder: Path, now: datetime) -> Manifest:
        """Write all but what is formed anew into a new folder. Raises BackupError."""
        return back_up(self._backend, folder, now)

    def restore(self, folder: Path) -> Manifest:
        """Fill this store, which must be empty, from a backup of any engine. Raises BackupError."""
        return restore(self._backend, folder)

    def close(self) -> None:
        """Let go of the engine."""
        self._backend.close()
