"""A customer whose alerts and actions come one after the other, and the cases that follow."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from pipeline.follow_up.case import Case, CaseEvent
from pipeline.follow_up.state import (
    FollowUpState,
    ReceivedChange,
    advance,
    apply_changes,
    published,
)
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from tests.support.follow_ups import SLA, at, did
from tests.support.notify_cases import alert as notice

A, B, C = (f"6f1d0b5a-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
DAY = 24 * 60


def alert(id_: str, minutes: float = 0, severity: str = "high", **fields: Any) -> Alert:
    given = {"severity": severity, "cause": f"cause_{id_[-1]}", "opened_at": at(minutes)}
    return notice(fields.pop("revision", 1), at(minutes), id=id_, **(given | fields))


def closed(id_: str, minutes: float, opened: float = 0, **fields: Any) -> Alert:
    """The last change of an alert, which `detect` closed."""
    ended = {"state": "resolved", "closed_at": at(minutes), "opened_at": at(opened)}
    return alert(id_, minutes, revision=9, **(ended | fields))


def on(id_: str, kind: Any, minutes: float, **fields: Any) -> Action:
    """An action on an alert or a case."""
    action = did(kind, minutes, **fields)
    return replace(action, alert_id=id_, customer_id="m-1")


class Customer:
    """A customer whose changes come one after the other, with the time passing in between."""

    def __init__(self, state: FollowUpState | None = None) -> None:
        self.state = state or FollowUpState()
        self.published: list[CaseEvent] = []

    def __call__(self, *changes: Alert | Action) -> "Customer":
        for change in changes:
            self.at_once(change)
        return self

    def at_once(self, *changes: Alert | Action) -> None:
        """Let changes come in one batch."""
        self._keep(apply_changes(self.state, [ReceivedChange(one, at(0)) for one in changes], SLA))

    def until(self, minutes: float) -> "Customer":
        while (later := advance(self.state, SLA, at(minutes))) != self.state:
            self._keep(later)
        return self

    def _keep(self, state: FollowUpState) -> None:
        self.published += [event for event in state.due if isinstance(event, CaseEvent)]
        self.state = published(state)

    @property
    def cases(self) -> list[Case]:
        return [one.case for one in self.state.cases]

    @property
    def case(self) -> Case:
        return self.cases[-1]

    def kinds(self) -> list[str]:
        return [event.type.removeprefix("nabiz.case.") for event in self.published]


def id_of(customer: Customer) -> str:
    return customer.case.case_id


def ids(causes: Iterable[Any]) -> list[str]:
    return [cause.alert_id for cause in causes]
