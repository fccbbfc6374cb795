"""Alerts and dead letters, migrations, and an engine that is away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.alert import Alert, Contribution, Evidence
from pipeline.dead_letter import DeadLetter, Reason
from pipeline.store import (
    Backend,
    MigrationError,
    Store,
    StoreUnavailable,
    open_chdb,
    open_server,
)
from tests.servers import clickhouse_server, free_port

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)


def alert(id_: str, revision: int = 1, **fields: object) -> Alert:
    closed = fields.get("closed_at") is not None
    values = {
        "cause": "furious_message",
        "severity": "high",
        "title": "Öfkeli müşteri",
        "titles": {"tr": "Öfkeli müşteri", "en": "Furious customer"},
        "customer_id": "c1",
        "opened_at": NOON,
        "updated_at": NOON,
        "state": "resolved" if closed else "open",
        "risk": 0.75,
        "contributions": (Contribution("furious_message", 0.75, 1.0, ("e1",)),),
        "evidence": (Evidence("e1", "bir daha almam", 3, 17),),
        "playbook": "call",
        "dedup_key": id_,
        "rules_version": "1",
        "brand": "A",
        **fields,
    }
    return Alert(id=id_, revision=revision, **values)  # type: ignore[arg-type]


def letter(offset: int, reason: Reason = Reason.NOT_JSON, **fields: object) -> DeadLetter:
    values = {
        "topic": "cx.feedback",
        "partition": 1,
        "sentence": "It ends in the middle.",
        "payload": b'{"a\xff\0',
        "key": b"c1",
        "received_at": NOON + timedelta(seconds=offset),
        **fields,
    }
    return DeadLetter(offset=offset, reason=reason, **values)  # type: ignore[arg-type]


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
    assert store.alerts(states=["open"]) == [second, first]
    assert store.alerts(states=[]) == []


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
        *("alerts", "dead_letters", "event_index", "events", "kpi_minutes")
    ]
    assert store.migrate() == planned
    assert store.migrate() == []
    assert store.counts() == {"events": 0, "alerts": 0, "dead_letters": 0}


def test_only_engines_that_can_delete_by_age_do(backend: Backend, store: Store) -> None:
    names = {name for (name,) in backend.execute("SELECT name FROM schema_migrations")}
    major = int(store.ping().split(".")[0])
    assert ("dead_letters/002_ttl" in names) == (major > 19)


def test_a_migration_that_changed_after_it_was_applied_is_refused(
    backend: Backend, store: Store
) -> None:
    backend.execute("DROP TABLE schema_migrations")
    columns = "name String, hash String, applied_at DateTime"
    backend.execute(f"CREATE TABLE schema_migrations ({columns}) ENGINE = MergeTree ORDER BY name")
    row = ("events/001_create", "another", 0)
    backend.insert("schema_migrations", ("name", "hash", "applied_at"), [row])
    with pytest.raises(MigrationError, match="events/001_create has changed"):
        store.migrate(dry_run=True)


def test_a_server_that_is_away_is_unavailable() -> None:
    store = open_server("127.0.0.1", free_port(), "default", "", "default")
    with pytest.raises(StoreUnavailable, match="no ClickHouse at"):
        store.ping()


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    with clickhouse_server(tmp_path) as address:
        store = open_server(*address, "default", "", "default")
        store.migrate()
        store.write_alerts([alert("a1")])
    with pytest.raises(StoreUnavailable):
        store.alerts()
    with clickhouse_server(tmp_path, address.port):
        assert store.alerts() == [alert("a1")]
    store.close()


def test_what_is_written_in_the_process_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    for expected in ([], [alert("a1")]):
        store = open_chdb(tmp_path / "store")
        store.migrate()
        assert store.alerts() == expected
        store.write_alerts([alert("a1")])
        store.close()


def test_a_second_folder_is_refused_while_one_is_open(tmp_path: Path) -> None:
    store = open_chdb(tmp_path / "one")
    with pytest.raises(StoreUnavailable, match="another process may have it open"):
        open_chdb(tmp_path / "two")
    store.close()
