"""A store as the version before this one made it, brought up to date, answers as before."""

import random

import msgspec

from pipeline.model.reading import Scored
from pipeline.store import Backend, Store
from pipeline.store import migrate as migrations
from pipeline.store.migrate import Migration
from tests.contract.answers import answers
from tests.contract.stored import fill, some_events

BEFORE = {
    *("alerts/001_create", "dead_letters/001_create", "dead_letters/002_ttl"),
    *("event_index/001_create", "events/001_create", "kpi_minutes/001_create"),
}
"""The migrations of the first version: all later ones run in the test."""
LATER = {"anger": 0, "urgency": 0, "topics": (), "hurried": False, "promises": ()}
"""What a reading of the first version lacks."""

SHARED = ("alerts", "dead_letters", "events", "kpi_minutes")


def old_store(backend: Backend, filled: str, monkeypatch) -> None:
    """Make the tables of the version before and copy what the store `filled` holds into them."""
    with monkeypatch.context() as patched:
        old = [one for one in migrations.shipped() if one.name in BEFORE]
        patched.setattr(migrations, "shipped", lambda: old)
        Store(backend).migrate()
    for table in SHARED:
        described = backend.execute(f"DESCRIBE TABLE {table}")
        # Those with a default are formed from others.
        columns = ", ".join(name for name, _, kind, *_ in described if not kind)
        backend.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {filled}.{table}")
    index = f"SELECT event_id, minute, revision FROM {filled}.known_events"
    backend.execute(f"INSERT INTO event_index {index}")


def as_before(scored: Scored) -> Scored:
    """An event as the first version stored it."""
    reading = scored.reading and msgspec.structs.replace(scored.reading, **LATER)
    return msgspec.structs.replace(scored, reading=reading)


def test_the_store_of_the_version_before_answers_as_it_did(backend: Backend, monkeypatch) -> None:
    fill(backend)
    wanted = answers(backend)
    wanted["timelines"] = {
        customer: [as_before(one) for one in events]
        for customer, events in wanted["timelines"].items()
    }
    ((filled,),) = backend.execute("SELECT currentDatabase()")
    old = f"{filled}_old"
    backend.execute(f"CREATE DATABASE {old}")
    backend.execute(f"USE {old}")
    try:
        old_store(backend, filled, monkeypatch)
        applied: list[Migration] = Store(backend).migrate()
        assert applied
        assert not BEFORE & {one.name for one in applied}
        assert answers(backend) == wanted
        again = some_events(random.Random(1), 200)
        assert Store(backend).write_events(again).duplicates == len(again)
        assert answers(backend) == wanted
    finally:
        backend.execute(f"USE {filled}")
        backend.execute(f"DROP DATABASE {old}")
