"""The audit trail: who notes never waits, what waits is stored in the end, what is lost is told."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from pipeline.access import trail as trail_module
from pipeline.access.trail import AuditTrail
from pipeline.cli import show
from pipeline.model.audit import AuditEntry
from pipeline.store import StoreUnavailable
from tests.support.command_runs import Nabiz, answering


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATHER", "SHORTEST_PAUSE"):
        monkeypatch.setattr(trail_module, name, 0.001)


def entry(number: int) -> AuditEntry:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return AuditEntry(f"e{number}", at, "ayse", "agent", "customer.viewed", 200, "::1", "c-secret")


class Table:
    """Takes entries; is away for the first so many writes."""

    def __init__(self, away: int = 0) -> None:
        self.rows: list[AuditEntry] = []
        self.away = away
        self.failed = threading.Event()
        self.written = threading.Event()

    def write(self, entries: Sequence[AuditEntry]) -> None:
        if self.away:
            self.away -= 1
            self.failed.set()
            raise StoreUnavailable("the disk is gone")
        self.rows += entries
        self.written.set()


def metric(name: str) -> float:
    return REGISTRY.get_sample_value(f"nabiz_audit_{name}") or 0.0


def test_what_is_noted_is_stored_soon_and_the_rest_at_the_stop() -> None:
    table = Table()
    with AuditTrail(table.write) as trail:
        trail.note(entry(1))
        assert table.written.wait(5)
        for number in range(2, 3_000):
            trail.note(entry(number))
    assert [one.audit_id for one in table.rows] == [f"e{number}" for number in range(1, 3_000)]
    assert metric("waiting") == 0


def test_a_store_that_is_away_is_asked_again_and_nothing_is_lost() -> None:
    table, failures = Table(away=3), metric("failures_total")
    with capture_logs() as logs, AuditTrail(table.write) as trail:
        trail.note(entry(1))
        assert table.failed.wait(5)
        trail.note(entry(2))
        assert table.written.wait(5)
    assert [one.audit_id for one in table.rows] == ["e1", "e2"]
    assert metric("failures_total") == failures + 3
    assert {one["event"] for one in logs} == {"audit trail cannot be stored"}


def test_a_note_does_not_wait_for_a_write_that_hangs() -> None:
    hanging, go_on = threading.Event(), threading.Event()

    def write(entries: Sequence[AuditEntry]) -> None:
        hanging.set()
        assert go_on.wait(5)

    with AuditTrail(write) as trail:
        trail.note(entry(1))
        assert hanging.wait(5)
        trail.note(entry(2))
        go_on.set()


def test_what_is_lost_is_counted_and_logged_without_saying_whom_it_was_about() -> None:
    table, lost = Table(away=10**6), metric("lost_total")
    with capture_logs() as logs, AuditTrail(table.write, capacity=2) as trail:
        for number in range(3):
            trail.note(entry(number))
    assert metric("lost_total") == lost + 3
    told = [(one["count"], one["reason"]) for one in logs if "lost" in one["event"]]
    assert told == [
        (1, "the store was unavailable for too long"),
        (2, "the store was unavailable when the API stopped"),
    ]
    assert "c-secret" not in repr(logs)


def test_the_command_shows_the_trail(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    asked = answering(monkeypatch, 200, msgspec.to_builtins([entry(1)]))
    ran = nabiz("audit", "--by", "ayse", "--customer", "c 1", "--since", "2026-03-01T00:00:00Z")
    assert ran.out.splitlines()[1].split() == [
        *show.clock(entry(1).at).split(),
        *("ayse", "agent", "customer.viewed", "200", "c-secret", "::1"),
    ]
    assert asked[0].url.params == httpx.QueryParams(
        by="ayse", customer_id="c 1", limit="1000", since="2026-03-01T00:00:00+00:00"
    )
    assert json_of(nabiz("audit", "--json").out) == [entry(1)]


def json_of(text: str) -> list[AuditEntry]:
    return msgspec.json.decode(text, type=list[AuditEntry])
