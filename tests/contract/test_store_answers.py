"""Which answers to surveys count: of one occasion the last, by the calendar's day."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.calendar.calendar import Calendar, Calendars
from pipeline.kpi.definitions import Window
from pipeline.model.event import Metric, Score
from pipeline.model.reading import Scored
from pipeline.store import Backend, Store
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import LATER, START, WINDOW, kpis_of, scored

pytestmark = ON_CHDB

HOUR = 3600


def csat(event_id: str, value: float, at: float, **fields: object) -> Scored:
    return scored(event_id, at=at, type="survey", score=Score(Metric.CSAT, value, 1, 5), **fields)


@pytest.mark.parametrize(
    ("first", "second", "satisfied", "n"),
    [
        ({"ticket_id": "t1"}, {"ticket_id": "t1"}, 0, 1),
        ({"order_id": "o1"}, {"order_id": "o1"}, 0, 1),
        ({"touchpoint": "fatura"}, {"touchpoint": "fatura"}, 0, 1),
        ({"ticket_id": "t1", "brand": "A"}, {"ticket_id": "t1", "channel": "web"}, 0, 1),
        ({"ticket_id": "t1"}, {"ticket_id": "t2"}, 50, 2),
        ({"ticket_id": "t1"}, {"ticket_id": "t1", "customer_id": "c2"}, 50, 2),
        ({"ticket_id": "t1"}, {"ticket_id": "t1", "counted": False}, 100, 1),
        ({"ticket_id": "t1", "order_id": "o1"}, {"order_id": "o1"}, 50, 2),
        ({}, {}, 50, 2),
    ],
)
def test_of_answers_on_one_occasion_the_last_counts(
    store: Store, first: dict[str, str], second: dict[str, str], satisfied: float, n: int
) -> None:
    store.write_events([csat("a", 2, at=10.5, **second), csat("b", 5, at=9, **first)])
    value = kpis_of(store)["csat"]
    assert (value.value, value.n) == (satisfied, n)
    assert (
        sum(value.n for value in store.kpis(WINDOW, ["channel"], LATER) if value.kpi == "csat") == n
    )


@pytest.mark.parametrize(
    ("zone", "first", "second", "n"),
    [
        ("Europe/Istanbul", "2026-03-01T21:00Z", "2026-03-02T20:59Z", 1),
        ("Europe/Istanbul", "2026-03-01T20:59Z", "2026-03-01T21:00Z", 2),
        ("UTC", "2026-03-01T20:59Z", "2026-03-01T21:00Z", 1),
        ("America/New_York", "2026-03-01T05:00Z", "2026-03-02T04:59Z", 1),
        ("Asia/Kolkata", "2026-03-01T18:29Z", "2026-03-01T18:30Z", 2),
        # The clock goes forward on 29 March: that day begins and ends by different offsets.
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T21:59Z", 1),
        ("Europe/Berlin", "2026-03-28T22:59Z", "2026-03-28T23:00Z", 2),
        ("Europe/Berlin", "2026-03-29T21:59Z", "2026-03-29T22:00Z", 2),
        # It goes back on 25 October, a day of 25 hours.
        ("Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T22:59Z", 1),
        ("Europe/Berlin", "2026-10-25T22:59Z", "2026-10-25T23:00Z", 2),
    ],
)
def test_a_day_of_answers_is_one_of_the_calendars_zone(
    backend: Backend, zone: str, first: str, second: str, n: int
) -> None:
    store = Store(backend, calendars=Calendars(Calendar(ZoneInfo(zone), ())))
    store.migrate()
    moments = [datetime.fromisoformat(at) for at in (first, second)]
    store.write_events(
        [csat(f"a{at}", 5, at=(at - START).total_seconds(), touchpoint="fatura") for at in moments]
    )
    window = Window(moments[0], moments[1] + timedelta(seconds=1))
    assert kpis_of(store, window=window, as_of=window.end)["csat"].n == n


def test_an_answer_counts_until_it_is_given_anew(store: Store) -> None:
    store.write_events([csat("a", 5, at=60, ticket_id="t1"), csat("b", 1, at=HOUR, ticket_id="t1")])
    assert kpis_of(store)["csat"].value == 0
    assert kpis_of(store, as_of=START + timedelta(minutes=59))["csat"].value == 100
    first_hour = Window(START, START + timedelta(hours=1))
    assert kpis_of(store, window=first_hour)["csat"].value == 100
