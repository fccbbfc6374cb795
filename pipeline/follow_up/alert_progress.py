"""An alert with the actions on it and its follow-up, and the event to publish."""

from datetime import datetime
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from pipeline.follow_up.alert_summary import AlertSummary, summary_of
from pipeline.follow_up.change_kind import kind_of
from pipeline.follow_up.progress import ALONE, Others, progress
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import FollowUp, FollowUpEvent
from pipeline.model.action import Action
from pipeline.model.alert import Alert

KEPT_ACTIONS = 200
"""Maximum number of remembered actions on an alert, the last ones."""

_SPACE = UUID("3b0b6c0e-6d7e-4f4b-9a57-0d1d6a8f2c55")
_ENCODER = msgspec.json.Encoder()


class AlertProgress(msgspec.Struct, frozen=True):
    """An alert, the actions on it, and the resulting follow-up.

    Actions may arrive before their alert. `clock` is the event time up to which deadlines were
    applied, `next_at` the next deadline. `kind` is the last change of the follow-up, `sent` the
    last revision that was published. `case_id` is the customer's case that the alert belongs to.
    """

    alert_id: str
    summary: AlertSummary | None = msgspec.field(default=None, name="matter")
    actions: tuple[Action, ...] = ()
    clock: datetime | None = None
    next_at: datetime | None = None
    follow_up: FollowUp | None = None
    kind: str = "opened"
    sent: int = 0
    case_id: str | None = None

    @property
    def live(self) -> bool:
        """Whether work on the alert remains."""
        return not (self.follow_up and self.follow_up.ended)

    @property
    def ended_at(self) -> datetime | None:
        """The time of the end; None if work remains."""
        return self.follow_up.ended_at if self.follow_up else None

    @property
    def due(self) -> FollowUpEvent | None:
        """The event to publish, if any."""
        if self.follow_up is None or self.follow_up.revision == self.sent:
            return None
        return event_of(self.follow_up, self.kind)


def event_of(follow_up: FollowUp, kind: str) -> FollowUpEvent:
    """Return the CloudEvent of a change; the same change always has the same id."""
    return FollowUpEvent(
        id=str(uuid5(_SPACE, f"{follow_up.alert_id}/{_ENCODER.encode(follow_up).decode()}")),
        source="nabiz/follow_up",
        type=f"nabiz.follow_up.{kind}",
        subject=follow_up.customer_id,
        time=follow_up.updated_at,
        data=follow_up,
    )


def with_change(alert: AlertProgress, change: Alert | Action) -> AlertProgress:
    """Return it after a change of the alert or an action, whose effect is yet to be `decided`.

    A known change changes nothing.
    """
    if isinstance(change, Alert):
        return replace(alert, summary=summary_of(change, alert.summary))
    if any(action.action_id == change.action_id for action in alert.actions):
        return alert
    actions = sorted((*alert.actions, change), key=lambda action: (action.at, action.action_id))
    return replace(alert, actions=tuple(actions[-KEPT_ACTIONS:]))


def advance_to(
    alert: AlertProgress, sla: Sla, now: datetime, others: Others = ALONE
) -> AlertProgress:
    """Return it after its first deadline up to `now`; the same if there is none.

    One deadline at a time, so that the published events do not depend on when this is called.
    """
    if alert.next_at is None or alert.next_at > now:
        return alert
    return decided(replace(alert, clock=alert.next_at), sla, alert.next_at, others)


def is_over(alert: AlertProgress, now: datetime) -> bool:
    """Return whether it can be dropped: it ended long ago, or never had an alert."""
    ended = alert.follow_up is None or alert.follow_up.ended
    return ended and alert.next_at is not None and alert.next_at <= now


def decided(alert: AlertProgress, sla: Sla, at: datetime, others: Others = ALONE) -> AlertProgress:
    """Return it with its follow-up recomputed; a change of it is as of `at`."""
    if alert.summary is None:
        return replace(alert, next_at=at + sla.forget)
    clock = alert.clock or alert.summary.opened_at
    now, next_at = progress(alert.summary, alert.actions, sla, clock, others)
    before, kind = alert.follow_up, alert.kind
    if before is None:
        after, kind = replace(now, revision=1, updated_at=max(now.updated_at, at)), "opened"
    else:
        after = replace(now, revision=before.revision, updated_at=before.updated_at)
        if after != before:
            last = max(before.updated_at, at)
            after = replace(after, revision=before.revision + 1, updated_at=last)
            kind = kind_of(before, after)
    next_at = next_at or after.updated_at + sla.forget
    return replace(alert, clock=clock, next_at=next_at, follow_up=after, kind=kind)
