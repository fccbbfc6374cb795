"""By when an alert must be acknowledged and its customer contacted."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.config.groups import ROOT
from pipeline.follow_up.alert_progress import AlertProgress, advance_to
from pipeline.follow_up.sla import SlaError, load_sla
from pipeline.follow_up.value import FollowUp
from pipeline.model.alert import Severity
from tests.support.follow_ups import (
    HIGH,
    NOON,
    SLA,
    alert,
    apply_change,
    at,
    case_of,
    did,
    followed,
)
from tests.support.notify_cases import ALERT_ID
from tests.support.notify_cases import alert as notice


def test_an_alert_that_opens_is_due_by_its_severity() -> None:
    follow_up = followed(HIGH)
    assert (follow_up.stage, follow_up.revision, follow_up.escalation) == ("open", 1, 0)
    assert (follow_up.acknowledge_due, follow_up.contact_due) == (at(60), at(240))


def test_a_missed_sla_escalates_once_for_each_step() -> None:
    assert followed(HIGH, until=59).escalation == 0
    assert followed(HIGH, until=60).escalation == 1
    assert followed(HIGH, until=239).escalation == 1
    assert followed(HIGH, until=240).escalation == 2
    assert followed(HIGH, did("acknowledge", 30), until=240).escalation == 1


def test_a_step_at_the_last_moment_is_in_time_and_one_after_it_is_not() -> None:
    assert followed(HIGH, did("acknowledge", 60), until=100).escalation == 0
    assert followed(HIGH, did("acknowledge", 60.1), until=100).escalation == 1


def test_an_action_that_comes_late_takes_the_escalation_back() -> None:
    case = case_of(HIGH, until=90)
    late = apply_change(case, did("acknowledge", 30), SLA).follow_up
    assert case.follow_up is not None
    assert late is not None
    assert (case.follow_up.escalation, late.escalation) == (1, 0)
    assert late.revision == case.follow_up.revision + 1


def test_a_snooze_puts_the_sla_off_but_not_for_longer_than_is_allowed() -> None:
    assert followed(HIGH, did("snooze", 10, until=at(120)), until=119).escalation == 0
    assert followed(HIGH, did("snooze", 10, until=at(120)), until=120).escalation == 1
    assert followed(HIGH, did("snooze", 10, until=at(99_999))).snoozed_until == at(10 + 24 * 60)


def test_a_severity_that_rises_makes_it_due_sooner_from_that_moment() -> None:
    follow_up = followed(HIGH, alert(2, at(10), severity="critical"))
    assert (follow_up.acknowledge_due, follow_up.contact_due) == (at(25), at(70))


def test_what_is_published_of_the_passing_time_does_not_depend_on_who_looks_when() -> None:
    def published(looks: list[float]) -> list[FollowUp]:
        case, found = case_of(HIGH), []
        for look in looks:
            while (later := advance_to(case, SLA, at(look))) is not case:
                case = later
                assert case.follow_up is not None
                found.append(case.follow_up)
        return found

    assert published([61, 90, 241]) == published([30_000])[:2]
    assert [one.updated_at for one in published([500])] == [at(60), at(240)]


def test_a_customer_in_danger_has_the_shortest_deadlines_whatever_the_severity() -> None:
    for steps in (SLA.acknowledge, SLA.contact):
        assert steps["in_danger"] == min(steps.values())
        assert list(steps.values()).count(steps["in_danger"]) == 1
    follow_up = followed(alert(severity="low", in_danger=True))
    assert follow_up.acknowledge_due == NOON + SLA.acknowledge["in_danger"]
    assert follow_up.contact_due == NOON + SLA.contact["in_danger"]


def test_in_a_file_from_before_it_danger_is_as_critical(tmp_path: Path) -> None:
    path = tmp_path / "sla.yaml"
    text = (ROOT / "desk" / "sla.yaml").read_text(encoding="utf-8")
    path.write_text(re.sub(r" +in_danger:.*\n", "", text), encoding="utf-8")
    before = load_sla(path, ROOT / "desk" / "calendar.yaml")
    assert before.acknowledge["in_danger"] == before.acknowledge["critical"]
    assert before.contact["in_danger"] == before.contact["critical"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("critical: 15m", "critical: soon", "acknowledge.critical"),
        ("expire: 14d", "", "expire"),
        ("high: 4h", "high: 5m", "contact.high: shorter"),
        ("time: []", "time: [urgent]", r"business_time\[0\]: Invalid enum value 'urgent'"),
        ("time: []", "time: [high, medium]", "contact.medium: `1d` counts in business time"),
        ("time: []", "time: [high]\nteam: night", "team: .*calendar.yaml has no team `night`"),
    ],
)
def test_a_wrong_sla_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    path = tmp_path / "sla.yaml"
    text = (ROOT / "desk" / "sla.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SlaError, match=reason):
        load_sla(path, ROOT / "desk" / "calendar.yaml")


def test_an_sla_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SlaError, match="cannot be read"):
        load_sla(tmp_path / "sla.yaml", ROOT / "desk" / "calendar.yaml")


CALENDAR = """
time_zone: Europe/Istanbul
hours: [{days: [mon, tue, wed, thu, fri], start: "09:00", end: "18:00"}]
holidays: {country: TR}
brands: {Abend: {hours: [{start: "12:00", end: "20:00"}]}}
teams: {duty: {hours: [{start: "00:00", end: "00:00"}], holidays: null}}
"""


@pytest.mark.parametrize(
    ("team", "brand", "severity", "acknowledge", "contact"),
    [
        # One hour and four of them, from 17:30 before a weekend.
        (None, None, "high", "2026-03-09T09:30", "2026-03-09T12:30"),
        (None, "Abend", "high", "2026-03-06T18:30", "2026-03-07T13:30"),
        ("duty", "Abend", "high", "2026-03-06T18:30", "2026-03-06T21:30"),
        (None, None, "critical", "2026-03-06T17:45", "2026-03-06T18:30"),
    ],
)
def test_times_of_the_named_severities_count_in_business_time(
    tmp_path: Path,
    team: str | None,
    brand: str | None,
    severity: Severity,
    acknowledge: str,
    contact: str,
) -> None:
    calendar, path = tmp_path / "calendar.yaml", tmp_path / "sla.yaml"
    calendar.write_text(CALENDAR, encoding="utf-8")
    text = (ROOT / "desk" / "sla.yaml").read_text(encoding="utf-8")
    given = "time: [high]" + (f"\nteam: {team}" if team else "")
    path.write_text(text.replace("time: []", given), encoding="utf-8")
    friday = datetime(2026, 3, 6, 17, 30, tzinfo=NOON.tzinfo)
    opened = notice(severity=severity, brand=brand, opened_at=friday)
    follow_up = apply_change(AlertProgress(ALERT_ID), opened, load_sla(path, calendar)).follow_up
    assert follow_up is not None
    dues = [follow_up.acknowledge_due, follow_up.contact_due]
    expected = (datetime.fromisoformat(due) for due in (acknowledge, contact))
    assert dues == [due.replace(tzinfo=NOON.tzinfo) for due in expected]


def test_without_business_time_the_calendar_is_not_asked(tmp_path: Path) -> None:
    assert load_sla(ROOT / "desk" / "sla.yaml", tmp_path / "none.yaml") == SLA
