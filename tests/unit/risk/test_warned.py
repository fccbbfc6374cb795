"""Who was warned of before leaving, and who was not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.alert import Alert
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.risk.warned import IN_TIME, LEADS, RECENT, leavers_of, missed_warnings
from tests.support.alerts import made_up
from tests.support.customers import START, event, leaving

DAY = timedelta(days=1)
LEFT = START + 100 * DAY
END = START + 200 * DAY
HISTORY = [
    event("v", EventType.VISIT, 24 * 98),
    leaving("m", 24 * 99),
    event("gone", EventType.SUBSCRIPTION_CANCELLED, 24 * 100),
]


def warned(days_before: float, **fields: object) -> Alert:
    return made_up(f"a{days_before}", LEFT - days_before * DAY, **fields)


@pytest.mark.parametrize(
    ("alerts", "in_time", "lead"),
    [
        ([], 0, "no warning"),
        ([warned(5)], 1, "5 to 10 days"),
        ([warned(4.9)], 0, "1 to 5 days"),
        ([warned(20), warned(2)], 1, "10 to 30 days"),
        ([warned(20, state="withdrawn"), warned(0.5)], 0, "under 1 day"),
        ([warned(0), warned(-1)], 0, "no warning"),
        ([warned(90)], 1, "30 days or more"),
        ([warned(91)], 0, "no warning"),
    ],
)
def test_a_warning_is_an_alert_that_stood_and_came_in_time(
    alerts: list[Alert], in_time: int, lead: str
) -> None:
    report = missed_warnings(leavers_of(HISTORY, alerts, START, END), START, END)
    assert (report.left, report.warned) == (1, in_time)
    assert {name for name, number in report.leads.items() if number} == {lead}
    assert len(report.unwarned) == 1 - in_time


def test_the_unwarned_are_listed_with_what_they_did_last_and_without_their_words() -> None:
    (one,) = missed_warnings(leavers_of(HISTORY, [warned(1)], START, END), START, END).unwarned
    assert (one.customer_id, one.left_at, one.warned_at) == ("c1", LEFT, LEFT - DAY)
    assert [(sign.type, sign.label) for sign in one.signs] == [
        ("message", "negative"),
        ("visit", ""),
    ]


def test_a_warning_before_the_last_return_is_no_warning_of_the_next_leaving() -> None:
    again = [
        *HISTORY,
        event("back", EventType.SUBSCRIPTION_STARTED, 24 * 120),
        event("gone2", EventType.ACCOUNT_CLOSED, 24 * 130),
    ]
    leavers = leavers_of(again, [warned(20)], START, END)
    assert [one.in_time for one in leavers] == [True, False]


def test_only_departures_of_the_window_are_in_it() -> None:
    for start, end, found in ((LEFT, END, 1), (START, LEFT, 0), (LEFT + DAY, END, 0)):
        assert len(leavers_of(HISTORY, [], start, end)) == found


@given(st.lists(st.floats(0.01, 120) | st.none(), max_size=30))
def test_the_counts_agree_and_the_interval_holds_the_share(leads: list[float | None]) -> None:
    leavers = [
        leaver
        for lead in leads
        for leaver in leavers_of(HISTORY, [warned(lead)] if lead else [], START, END)
    ]
    report = missed_warnings(leavers, START, END)
    assert report.left == len(leads) == sum(report.leads.values())
    assert report.warned + len(report.unwarned) == report.left
    if report.share is not None and report.ci_low is not None and report.ci_high is not None:
        assert report.ci_low <= report.share + 1e-9
        assert report.share <= report.ci_high + 1e-9
        assert report.share == pytest.approx(100 * report.warned / report.left)


def test_the_classes_of_lead_times_follow_each_other() -> None:
    ends = [end for _, end in LEADS]
    assert ends == sorted(ends)
    assert (IN_TIME in ends, ends[-1]) == (True, RECENT)


def test_without_departures_there_is_no_share() -> None:
    report = missed_warnings([], START, END)
    assert (report.left, report.share, report.unwarned) == (0, None, ())


def uncounted(scored: Scored) -> Scored:
    return Scored(scored.event, scored.reading, scored.received_at, counted=False)


def test_what_is_not_counted_is_no_last_sign() -> None:
    history = [*map(uncounted, HISTORY[:2]), HISTORY[2]]
    (one,) = missed_warnings(leavers_of(history, [], START, END), START, END).unwarned
    assert one.signs == ()
