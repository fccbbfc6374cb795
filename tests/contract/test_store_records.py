"""Alerts, dead letters and migrations."""

import json
from datetime import timedelta

import msgspec
import pytest

from pipeline.model.dead_letter import Reason
from pipeline.store import Backend, Migration, MigrationError, Store
from pipeline.store.migrate import pending
from tests.contract.stored import NOON, alert, letter


def test_an_alert_is_read_as_it_was_written(store: Store) -> None:
    one = alert("a1", closed_at=NOON + timedelta(hours=1), segment="vip")
    store.write_alerts([one])
    assert store.alerts() == [one]


def test_an_older_revision_never_hides_a_newer(store: Store) -> None:
    old, new = alert("a1"), alert("a1", 2, closed_at=NOON + timedelta(hours=1))
    for batch in ([old], [new], [old], [old, new], [old]):
        store.write_alerts(batch)
    assert store.alerts() == [new]
    assert store.counts()["alerts"] == 1


def test_alerts_are_found_by_time_customer_and_state(store: Store) -> None:
    first = alert("a1")
    second = alert("a2", opened_at=NOON + timedelta(seconds=1), customer_id="c'2")
    third = alert("a3", opened_at=NOON + timedelta(seconds=2), closed_at=NOON + timedelta(days=1))
    store.write_alerts([second, third, first])
    assert store.alerts() == [third, second, first]
    assert store.alerts(limit=2) == [third, second]
    assert store.alerts(since=second.opened_at) == [third, second]
    assert store.alerts(customer_id="c'2") == [second]
    assert store.alerts(without_states=["resolved"]) == [second, first]


def test_an_alert_in_an_unknown_state_is_found_and_what_else_it_says_is_kept(
    store: Store, backend: Backend
) -> None:
    newer = alert("a1", state="paused")
    sent = json.loads(msgspec.json.encode(newer)) | {"tier": {"name": "gold"}}
    store.write_alerts([newer], [json.dumps(sent).encode()])
    assert store.alerts(without_states=["withdrawn"]) == [newer]
    ((kept,),) = backend.execute("SELECT alert FROM alerts")
    assert json.loads(kept) == sent


def test_a_dead_letter_is_read_as_it_was_written(store: Store) -> None:
    first, second = letter(7), letter(8, Reason.EMPTY, key=None, payload=b"")
    store.write_dead_letters([first, second])
    store.write_dead_letters([first])
    assert store.dead_letters() == [second, first]
    assert store.dead_letters(Reason.NOT_JSON) == [first]
    assert store.dead_letters(limit=1) == [second]
    assert store.dead_letter_counts() == {"not_json": 1, "empty": 1}


def test_a_message_received_years_ago_is_kept(store: Store) -> None:
    old = letter(7, received_at=NOON - timedelta(days=3650))
    store.write_dead_letters([old])
    assert store.dead_letters() == [old]


def test_a_topic_that_was_made_anew_has_dead_letters_of_its_own(store: Store) -> None:
    before, after = letter(7, source="one/0"), letter(7, source="another/0")
    cut = letter(7, source="one/1")
    store.write_dead_letters([before, after, cut])
    store.write_dead_letters([letter(7), before])
    retried = letter(7, source="one/0", retried_at=NOON + timedelta(days=1))
    store.write_dead_letters([retried])
    assert {one.id for one in store.dead_letters()} == {one.id for one in (before, after, cut)} | {
        "cx.feedback/1/7"
    }
    assert [one for one in store.dead_letters() if one.retried_at] == [retried]


def test_a_retried_dead_letter_stays_retried(store: Store) -> None:
    retried = letter(7, retried_at=NOON + timedelta(days=1))
    for one in (letter(7), retried, letter(7)):
        store.write_dead_letters([one])
    assert store.dead_letters() == [retried]
    assert store.dead_letter_counts() == {}
    assert store.counts()["dead_letters"] == 1
    store.write_dead_letters([letter(3)])
    assert store.dead_letters(limit=1) == [letter(3)]


def test_migrations_are_applied_once_and_a_dry_run_applies_none(backend: Backend) -> None:
    store = Store(backend)
    planned = store.migrate(dry_run=True)
    assert [migration.table for migration in planned if migration.name.endswith("001_create")] == [
        *("alert_actions", "alerts", "audit", "cases", "dead_letters", "event_index", "events"),
        *("follow_ups", "known_events", "kpi_minutes", "shadow_readings", "timelines"),
    ]
    assert store.migrate() == planned
    assert store.migrate() == []
    assert store.counts() == {"events": 0, "alerts": 0, "dead_letters": 0}


def test_a_migration_that_changed_after_it_was_applied_is_refused(
    backend: Backend, store: Store
) -> None:
    backend.execute("DROP TABLE schema_migrations")
    columns = "name String, hash String, applied_at DateTime"
    backend.execute(f"CREATE TABLE schema_migrations ({columns}) ENGINE = MergeTree ORDER BY name")
    record = {"name": ["events/001_create"], "hash": ["another"], "applied_at": [0]}
    backend.insert("schema_migrations", record)
    with pytest.raises(MigrationError, match="events/001_create has changed"):
        store.migrate(dry_run=True)


@pytest.mark.parametrize(
    ("applied", "problem"),
    [
        (["a/002_more"], "a/001_create comes before a/002_more"),
        (["a/003_unknown"], "a/003_unknown is applied but unknown"),
    ],
)
def test_migrations_out_of_order_are_refused(applied: list[str], problem: str) -> None:
    known = [Migration(name, "SELECT 1") for name in ("a/001_create", "a/002_more")]
    with pytest.raises(MigrationError, match=problem):
        pending(known, dict.fromkeys(applied, known[0].hash))


def test_migrations_of_another_table_do_not_wait() -> None:
    known = [Migration(name, "SELECT 1") for name in ("a/001_create", "b/001_create")]
    assert pending(known, {"b/001_create": known[1].hash}) == known[:1]
