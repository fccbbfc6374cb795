"""Simulates the staff who act on alerts; the same alert gets the same actions."""

from datetime import datetime, timedelta
from math import exp
from random import Random
from typing import Any, cast
from uuid import UUID, uuid5

from pipeline.model.action import Action, ActionKind, Outcome
from pipeline.model.alert import Alert, known_severity
from pipeline.sources.simulate.company import company, pick

_SPACE = UUID("a44c2f7c-9f0e-4c9a-8f6b-1f2d6f9b7e03")


def actions_on(alert: Alert) -> list[Action]:
    """Return the actions on an open alert in order; possibly none."""
    desk, rng = company().desk, Random(alert.id)
    done: list[Action] = []
    if rng.random() >= desk.takes_on[known_severity(alert.severity)]:
        return done
    by, at = rng.choice(desk.people), alert.opened_at

    def then(kind: ActionKind, minutes: float, **fields: Any) -> datetime:
        moment = (done[-1].at if done else at) + timedelta(minutes=minutes)
        id_ = str(uuid5(_SPACE, f"{alert.id}/{len(done)}"))
        done.append(Action(id_, alert.id, alert.customer_id, kind, by, moment, **fields))
        return moment

    def takes(kind: str) -> float:
        """Draw a duration in minutes around a median."""
        return desk.minutes[kind] * exp(rng.gauss(0, desk.spread))

    if rng.random() < desk.snoozes:
        start = at + timedelta(minutes=2)
        then("snooze", 2, until=start + timedelta(minutes=rng.choice((30, 60, 240))))
    then("acknowledge", takes("acknowledge"))
    if rng.random() >= desk.contacts:
        return done
    then("contact", takes("contact"))
    if rng.random() >= desk.resolves:
        return done
    outcome = cast(Outcome, pick(rng, desk.outcomes))
    note = rng.choice(desk.notes[outcome])
    then("resolve", takes("resolve"), outcome=outcome, note=note)
    if outcome == "rescued" and rng.random() < desk.informs:
        then("inform", takes("inform"))
    return done
