"""Stored texts that are read again: what counts afterwards, and what stays as it was."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.model.reading import Reading, Scored
from pipeline.store import Backend, Store
from tests.contract.answers import answers
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import LATER, START, WINDOW, reading, scored

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
END = START + timedelta(hours=1)


def events(label: str) -> list[Scored]:
    """Three texts over two minutes, one event without a text."""
    texts = [scored(f"e{at}", at, label, text=f"text {at}") for at in (0, 30, 70)]
    return [*texts, scored("silent", 40, None, type="order.placed")]


@pytest.fixture
def store(backend: Backend) -> Store:
    store = Store(backend)
    store.migrate()
    store.write_events(events("negative"))
    return store


def reread(one: Scored, label: str) -> Scored:
    again: Reading = msgspec.structs.replace(reading(label), engine="strong", version="2")
    return msgspec.structs.replace(one, reading=again)


def labels(store: Store) -> dict[str, str]:
    return {one.event.event_id: one.reading.label for one in store.timeline("c1") if one.reading}


def test_texts_come_in_pieces_each_once(store: Store) -> None:
    first = store.texts_between(START, END, limit=2)
    rest = store.texts_between(START, END, after=first[-1], limit=2)
    assert [one.event.event_id for one in (*first, *rest)] == ["e0", "e30", "e70"]
    assert store.texts_between(START, END, after=rest[-1]) == []
    assert first[0] == events("negative")[0]


def test_only_texts_of_the_window_are_read(store: Store) -> None:
    found = store.texts_between(START + timedelta(seconds=30), START + timedelta(seconds=70))
    assert [one.event.event_id for one in found] == ["e30"]


@ON_CHDB
def test_kpis_are_those_of_the_new_readings(store: Store) -> None:
    before = {value.kpi: value.value for value in store.kpis(WINDOW, (), LATER)}
    assert before["net_sentiment"] == -100
    for _ in range(2):  # a second time changes nothing
        store.restate([reread(one, "positive") for one in store.texts_between(START, END)], NOW)
        after = {value.kpi: value.value for value in store.kpis(WINDOW, (), LATER)}
        assert after["net_sentiment"] == 100
        assert {name for name in before if before[name] != after[name]} <= {
            "net_sentiment",
            "negative_experience_customers",
            "negative_experience_rate",
            "csat_predicted",
        }
        assert labels(store) == dict.fromkeys(("e0", "e30", "e70"), "positive")
        assert store.counts()["events"] == 4


def test_a_later_revision_wins_whenever_it_comes(store: Store) -> None:
    stored = store.texts_between(START, END)
    later = scored("e0", 0, "neutral", text="mended", revision=1)
    store.write_events([later])
    store.restate([reread(one, "positive") for one in stored], NOW)
    assert labels(store) == {"e0": "neutral", "e30": "positive", "e70": "positive"}
    store.write_events([scored("e30", 30, "neutral", text="mended", revision=1)])
    assert labels(store)["e30"] == "neutral"


def test_the_same_event_again_does_not_bring_the_old_reading_back(store: Store) -> None:
    store.restate([reread(one, "positive") for one in store.texts_between(START, END)], NOW)
    assert store.write_events(events("negative")).duplicates == 4
    assert labels(store) == dict.fromkeys(("e0", "e30", "e70"), "positive")


def test_a_shadow_counts_for_nothing(store: Store, backend: Backend) -> None:
    before = answers(backend)
    others = [reread(one, "positive") for one in store.texts_between(START, END)]
    for _ in range(2):
        store.shadow(others, NOW)
    assert answers(backend) == before
    beside = "SELECT event_id, engine, label FROM shadow_readings FINAL ORDER BY event_id"
    assert backend.execute(beside) == [(one.event.event_id, "strong", "positive") for one in others]
