"""The case of an alert from before there were cases."""

from collections.abc import Mapping

from msgspec.structs import replace

from pipeline.follow_up.alert_progress import AlertProgress
from pipeline.follow_up.alert_summary import summary_of
from pipeline.follow_up.case import Case
from pipeline.follow_up.case_progress import recomputed
from pipeline.follow_up.value import FollowUp, Stage, end_of
from pipeline.model.alert import Alert

_STAGE_OF_STATE: Mapping[str, Stage] = {
    "resolved": "resolved",
    "withdrawn": "expired",
}


def lone_case(alert: Alert, follow_up: FollowUp | None) -> Case:
    """Return a case of this alert alone, with its id; `follow_up` is None if it has not begun."""
    progress = AlertProgress(
        alert.id, summary_of(alert, None), follow_up=follow_up or _not_begun(alert)
    )
    return replace(recomputed(alert.id, [progress], {}, None, None).case, history=())


def _not_begun(alert: Alert) -> FollowUp:
    return FollowUp(
        alert_id=alert.id,
        customer_id=alert.customer_id,
        cause=alert.cause,
        severity=alert.severity,
        stage=_STAGE_OF_STATE.get(alert.state, "open"),
        revision=0,
        opened_at=alert.opened_at,
        updated_at=alert.updated_at,
        brand=alert.brand,
        segment=alert.segment,
        channel=alert.channel,
        end=end_of(alert.state, None),
    )
