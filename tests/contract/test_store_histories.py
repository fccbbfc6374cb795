"""Histories of customers, and who of them left, on each kind of store."""

import random
from datetime import timedelta

import pytest

from pipeline.store import Store, histories
from tests.contract.stored import START, scored, some_events


@pytest.mark.parametrize("at_once", [10, 100_000])
def test_every_counted_event_is_in_one_history_in_event_order(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(histories, "EVENTS_AT_ONCE", at_once)
    store.write_events(some_events(random.Random(3), 120))
    read = list(store.histories())
    customers = [{one.event.customer_id for one in history} for history in read]
    assert all(len(ids) == 1 for ids in customers)
    assert len(set.union(*customers)) == len(read)
    for history in read:
        known = store.timeline(history[0].event.customer_id)[::-1]
        assert history == [one for one in known if one.counted]


def test_leavers_are_those_of_whom_something_ended_in_the_window(store: Store) -> None:
    store.write_events(
        [
            scored("a", 0, type="subscription.cancelled", customer_id="a"),
            scored("b", 10, type="account.closed", customer_id="b"),
            scored("b2", 20, type="account.closed", customer_id="b"),
            scored("c", 10, type="subscription.renewed", customer_id="c"),
            scored("d", 10, type="account.closed", customer_id="d", counted=False),
            scored("e", 60, type="account.closed", customer_id="e"),
        ]
    )
    window = (START + timedelta(seconds=5), START + timedelta(seconds=60))
    assert store.leavers(*window) == ["b"]
    assert store.leavers(START, window[1]) == ["a", "b"]


def test_the_span_is_that_of_counted_events(store: Store) -> None:
    assert store.span() is None
    store.write_events([scored("a", 5), scored("b", 50), scored("c", 99, counted=False)])
    assert store.span() == (START + timedelta(seconds=5), START + timedelta(seconds=50))
