"""Tickets step by step: the waiting clock, and how they are resolved."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.calendar.calendar import Calendar, Calendars
from pipeline.calendar.hours import Hours
from pipeline.calendar.public_holidays import Holidays
from pipeline.kpi.journeys import journey_facts
from pipeline.kpi.steps import Period, Step
from pipeline.model.contact import PAUSES
from tests.support.journeys import SLICE, all_facts, facts, step


def test_the_first_public_reply_of_a_person_stops_the_clock() -> None:
    found = facts(
        step(0, "ticket.opened"),
        step(1, "ticket.replied", "bot"),
        step(2, "ticket.replied", "agent", internal=True),
        step(3, "ticket.replied", "agent"),
        step(4, "ticket.replied", "agent"),
    )
    assert found["first_response"] == [180]
    assert "first_response_open" not in found


def test_reopening_starts_the_clock_anew() -> None:
    found = facts(
        step(0, "ticket.opened"),
        step(1, "ticket.replied", "agent"),
        step(2, "ticket.resolved", "agent"),
        step(5, "ticket.reopened"),
        step(7, "ticket.replied", "agent"),
    )
    assert found["first_response"] == [60, 120]


def test_a_reopening_while_waiting_restarts_the_same_clock() -> None:
    found = facts(
        step(0, "ticket.opened"), step(2, "ticket.reopened"), step(3, "ticket.replied", "agent")
    )
    assert found["first_response"] == [60]


@pytest.mark.parametrize(
    ("before", "minutes"),
    [
        ([step(0, "ticket.opened")], [60]),
        ([], [60]),
        ([step(0, "ticket.opened"), step(1, "ticket.replied", "agent")], [60, 60]),
        ([step(1, "ticket.replied", "bot", handoff=True)], [120]),
    ],
)
def test_a_bot_that_hands_over_starts_the_clock(before: list[Step], minutes: list[float]) -> None:
    handed_over = step(2, "ticket.replied", "bot", handoff=True)
    assert (
        facts(*before, handed_over, step(3, "ticket.replied", "agent"))["first_response"] == minutes
    )
    assert len(facts(*before, handed_over)["first_response_open"]) == 1


def test_a_reopening_that_is_said_twice_starts_the_clock_once() -> None:
    found = facts(
        step(0, "ticket.opened"),
        step(1, "ticket.resolved", "agent"),
        *(step(hours, "ticket.reopened", "system") for hours in (2, 2.9)),
        step(3, "ticket.replied", "agent"),
    )
    assert found["first_response"] == [60]


BOT = step(0, "ticket.replied", "bot")


def asked(hours: float, type_: str = "message", **fields: object) -> Step:
    return step(hours, type_, **{"ticket_id": "t1", **fields})


@pytest.mark.parametrize(
    ("lines", "minutes"),
    [
        ([BOT, asked(14)], 60),
        ([BOT, asked(14, "ticket.replied")], 60),
        ([BOT, asked(0.01, thanks=True), asked(14)], 60),
        ([BOT, asked(14), step(14.01, "ticket.replied", "bot")], 60),
        ([BOT, asked(10), step(10.1, "ticket.replied", "bot"), asked(14)], 60),
        ([BOT, asked(13), asked(14)], 120),
        ([BOT, asked(0.1), asked(14)], 900),
        ([BOT], 900),
        ([asked(14)], 900),
        ([BOT, asked(14, thanks=True)], 900),
        ([BOT, asked(14, author="agent")], 900),
        ([step(0, "ticket.replied", "bot", internal=True), asked(14)], 900),
        ([step(0, "ticket.replied", "system"), asked(14)], 900),
        ([step(0.5, "ticket.replied", "bot", handoff=True), asked(14)], 870),
    ],
)
def test_a_new_question_after_a_bots_answer_starts_the_clock(
    lines: list[Step], minutes: float
) -> None:
    found = facts(step(0, "ticket.opened"), *lines, step(15, "ticket.replied", "agent"))
    assert found["first_response"] == [pytest.approx(minutes)]


def test_a_question_to_which_a_bots_answer_was_enough_is_not_waiting() -> None:
    found = facts(step(0, "ticket.opened"), BOT, asked(14))
    assert len(found["first_response_open"]) == 1


def test_what_waits_has_waited_until_now() -> None:
    steps = step(0, "ticket.opened"), step(2, "ticket.opened", ticket_id="t2")
    found = all_facts(*steps, hours=1, seen_hours=24 * 7)
    running = {fact.name: fact.minutes for fact in found if fact.running}
    week = 7 * 24 * 60.0
    assert running == {
        "first_response": week,
        "first_response_business": week,
        "resolution_first": week,
        "resolution_full": week,
    }


def test_a_ticket_is_one_whichever_customer_it_names() -> None:
    found = facts(
        step(0, "ticket.opened"),
        step(0.5, "ticket.replied", "agent", customer_id="c1-merged"),
        step(1, "ticket.resolved", "agent", customer_id="c1-merged"),
        step(48, "call", customer_id="c1-merged"),
    )
    assert found["first_response"] == [30]
    assert "first_response_open" not in found
    assert (len(found["resolved"]), len(found["resolved_at_once"])) == (1, 0)


def test_brands_may_number_their_tickets_alike() -> None:
    found = facts(
        step(0, "ticket.opened"),
        step(1, "ticket.opened", slice=(*SLICE[:3], "B", "")),
        step(2, "ticket.replied", "agent"),
        step(4, "ticket.replied", "agent", slice=(*SLICE[:3], "B", "")),
    )
    assert found["first_response"] == [120, 180]


def test_a_step_without_a_brand_is_of_the_ticket_that_has_one() -> None:
    found = facts(
        step(0, "ticket.opened"),
        asked(1, "ticket.replied", author="agent", slice=("", "", "", "", "")),
    )
    assert found["first_response"] == [60]


@pytest.mark.parametrize(
    ("steps", "first", "full", "is_open"),
    [
        ([(1, "ticket.merged")], [], [], 0),
        ([(1, "ticket.merged"), (1, "ticket.resolved")], [], [], 0),
        ([(1, "ticket.merged"), (2, "ticket.reopened")], [], [], 1),
        ([(1, "ticket.merged"), (2, "ticket.reopened"), (3, "ticket.resolved")], [180], [180], 0),
        ([(1, "ticket.resolved"), (2, "ticket.merged")], [60], [60], 0),
        ([(1, "ticket.resolved"), (2, "ticket.reopened"), (3, "ticket.merged")], [60], [], 0),
    ],
)
def test_a_ticket_that_goes_on_in_another_is_neither_resolved_nor_open(
    steps: list[tuple[float, str]], first: list[float], full: list[float], is_open: int
) -> None:
    found = facts(
        step(0, "ticket.opened"), *(step(hours, type_, "agent") for hours, type_ in steps)
    )
    assert (found["resolution_first"], found["resolution_full"]) == (first, full)
    assert (len(found["resolved"]), len(found["resolution_open"])) == (len(first), is_open)


def test_only_a_bot_hands_over() -> None:
    found = facts(step(0, "ticket.opened"), step(1, "ticket.replied", "agent", handoff=True))
    assert found["first_response"] == [60]


def test_a_ticket_without_a_reply_is_open_and_one_resolved_without_is_not() -> None:
    assert len(facts(step(0, "ticket.opened"))["first_response_open"]) == 1
    resolved = facts(step(0, "ticket.opened"), step(1, "ticket.resolved", "agent"))
    assert "first_response_open" not in resolved
    assert "first_response" not in resolved


def test_a_complaint_opens_its_ticket_and_may_be_answered_in_the_same_minute() -> None:
    found = facts(step(0, "complaint"), step(0, "ticket.replied", "agent"))
    assert found["first_response"] == [0]


def test_clocks_belong_to_the_window_in_which_they_start() -> None:
    late = facts(step(-1, "ticket.opened"), step(1, "ticket.replied", "agent"))
    assert "first_response" not in late


def test_first_and_full_resolution() -> None:
    steps = [
        step(0, "ticket.opened"),
        step(1, "ticket.resolved", "agent"),
        step(2, "ticket.reopened"),
        step(5, "ticket.resolved", "agent"),
        step(6, "ticket.resolved", "agent"),
    ]
    found = facts(*steps)
    assert (found["resolution_first"], found["resolution_full"]) == ([60], [300])
    reopened = facts(*steps[:3])
    assert reopened["resolution_first"] == [60]
    assert len(reopened["resolution_open"]) == 1
    assert "resolution_full" not in reopened


def test_business_time_is_by_the_calendar_of_the_brand() -> None:
    """Opened on Tuesday at 17:00, answered on Friday at 10:00; Thursday is Republic Day."""
    istanbul = ZoneInfo("Europe/Istanbul")
    opened = datetime(2026, 10, 27, 17, tzinfo=istanbul)
    answered = datetime(2026, 10, 30, 10, tzinfo=istanbul)
    office = Hours("09:00", "18:00", ("mon", "tue", "wed", "thu", "fri"))
    house = Calendar(istanbul, (office,), Holidays("TR"))
    calendars = Calendars(house, {"b": Calendar(istanbul, (office,))})
    steps = [
        made._replace(ticket_id=brand, slice=("app", "", "", brand, ""))
        for brand in ("A", "B")
        for made in (
            step(0, "ticket.opened")._replace(at=opened),
            step(0, "ticket.replied", "agent")._replace(at=answered),
        )
    ]
    business = {
        fact.slice[3]: fact.minutes
        for fact in journey_facts(steps, Period(opened, answered, answered), PAUSES, calendars)
        if fact.name == "first_response_business"
    }
    assert business == {"A": 60 + 240 + 60, "B": 60 + 540 + 540 + 60}
