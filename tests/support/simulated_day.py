"""Simulates two days of a company: readings, alerts and actions."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks.company import company_days
from pipeline.follow_up.alert_progress import AlertProgress
from pipeline.follow_up.value import FollowUp
from pipeline.kpi.definitions import Window
from pipeline.model.action import Action, ActionKind
from pipeline.model.alert import Alert
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.model.reading import Scored
from pipeline.store import Store
from tests.support.follow_ups import SLA, advanced, apply_change

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = Window(START + timedelta(days=1), START + timedelta(days=2))
"""The second day; the first is there for comparison."""


class Days(NamedTuple):
    """The data of both days."""

    scored: list[Scored]
    alerts: list[Alert]
    actions: list[Action]
    follow_ups: list[FollowUp]
    dead_letters: list[DeadLetter]


@cache
def days(customers: int = 1_200) -> Days:
    """Simulate, read and detect, deterministically."""
    scored, alerts = company_days(7, START, customers, days=2.0)
    acts = {alert.id: actions_on(number, alert) for number, alert in enumerate(alerts)}
    return Days(
        scored,
        alerts,
        [action for some in acts.values() for action in some],
        [followed(alert, acts[alert.id]) for alert in alerts],
        [letter(number) for number in range(7)],
    )


def letter(number: int) -> DeadLetter:
    """Return a dead letter; the last one was retried."""
    return DeadLetter(
        topic="cx.feedback",
        partition=0,
        offset=number,
        reason=(Reason.NOT_JSON, Reason.MISSING_FIELD)[number % 2],
        sentence="It ends in the middle.",
        payload=b"{",
        key=None,
        received_at=DAY.start,
        retried_at=DAY.end if number == 6 else None,
    )


STEPS: Sequence[tuple[ActionKind, timedelta]] = (
    ("acknowledge", timedelta(minutes=10)),
    ("contact", timedelta(minutes=50)),
    ("resolve", timedelta(hours=2)),
    ("inform", timedelta(hours=3)),
)
"""Actions of a desk of three on an alert, with delays after its opening."""


def actions_on(number: int, alert: Alert) -> list[Action]:
    """Return one to four actions on an alert; none on every fifth."""
    return [
        Action(
            f"{alert.id}-{kind}",
            alert.id,
            alert.customer_id,
            kind,
            by=("ayse", "can", "derya")[number % 3],
            at=alert.opened_at + after * (1 + number % 4),
            outcome="rescued" if kind == "resolve" else None,
        )
        for kind, after in STEPS[: number % 5]
        if alert.opened_at + after * (1 + number % 4) < DAY.end
    ]


def followed(alert: Alert, actions: Sequence[Action]) -> FollowUp:
    """Return the follow-up at the end of the day."""
    case = AlertProgress(alert.id)
    for change in (alert, *actions):
        case = apply_change(case, change, SLA)
    follow_up = advanced(case, DAY.end).follow_up
    assert follow_up
    return follow_up


def uncounted(scored: Scored) -> Scored:
    """Return a test event that resembles an event: counting it would change the results."""
    event = replace(scored.event, event_id=f"{scored.event.event_id}-test")
    return replace(scored, event=event, counted=False)


def stored_in(store: Store) -> None:
    """Store the days, including some events that do not count."""
    store.write_events(days().scored)
    store.write_events([uncounted(one) for one in days().scored[::7]])
    store.write_alerts(days().alerts)
    store.write_actions(days().actions)
    store.write_follow_ups(days().follow_ups)
    store.write_dead_letters(days().dead_letters)
