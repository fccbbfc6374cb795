"""The invented desk: what it does about an alert, and how far that leads."""

from collections import Counter
from uuid import UUID

from pipeline.follow_up.alert_progress import AlertProgress
from pipeline.model.action import problem_of
from pipeline.model.alert import Alert
from pipeline.sources.simulate.desk import actions_on
from tests.support.follow_ups import SLA, apply_change
from tests.support.notify_cases import MONDAY_NOON
from tests.support.notify_cases import alert as notice

START = MONDAY_NOON


def alert_of(number: int) -> Alert:
    return notice(id=str(UUID(int=number)), severity="high", opened_at=START, updated_at=START)


def stage_of(number: int) -> str:
    case = apply_change(AlertProgress("a"), alert_of(number), SLA)
    for action in actions_on(alert_of(number)):
        case = apply_change(case, action, SLA)
    assert case.follow_up is not None
    return case.follow_up.stage


def test_the_desk_does_the_same_about_the_same_alert_and_each_step_after_the_last() -> None:
    for number in range(50):
        done = actions_on(alert_of(number))
        assert done == actions_on(alert_of(number))
        assert all(problem_of(one) is None for one in done)
        assert [one.at for one in done] == sorted(one.at for one in done)
        assert len({one.action_id for one in done}) == len(done)
        assert all(one.at > START for one in done)


def test_alerts_end_in_every_stage_and_most_of_them_resolved() -> None:
    stages = Counter(map(stage_of, range(300)))
    assert {"open", "acknowledged", "contacted", "resolved"} == set(stages)
    assert stages["resolved"] > 150
