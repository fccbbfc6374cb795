"""Who is told of which alert, and when people are left in peace."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.calendar.hours import Hours
from pipeline.cli.channels import check_routes
from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection.customer import Arrival, apply
from pipeline.detection.rules import load_rules
from pipeline.model.alert import Alert
from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.notify.routes import RoutesError, load_routing_table
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.notify_cases import ISTANBUL, MONDAY_NIGHT, MONDAY_NOON, ROUTES, alert, desk

ROUTES_WITHOUT_ZONE = ROUTES.replace("time_zone: Europe/Istanbul\n", "")
SATURDAY_NOON = MONDAY_NOON + timedelta(days=5)


@pytest.mark.parametrize(
    ("fields", "now", "channels"),
    [
        ({}, MONDAY_NOON, ["am", "chat", "mail"]),
        ({"severity": "critical"}, MONDAY_NIGHT, ["am", "duty", "chat", "mail"]),
        ({"segment": "premium", "severity": "critical"}, MONDAY_NOON, ["am", "phone", "chat"]),
        ({"cause": "payment_failed"}, MONDAY_NOON, ["am", "billing", "chat"]),
        ({"cause": "payment_failed"}, SATURDAY_NOON, ["am", "chat", "mail"]),
        ({"brand": "Acme"}, SATURDAY_NOON, ["am", "brand"]),
        ({"brand": "Acme"}, MONDAY_NOON, ["am", "chat", "mail"]),
    ],
)
def test_an_alert_takes_the_first_route_that_matches_and_those_that_continue(
    tmp_path: Path, fields: dict[str, Any], now: datetime, channels: list[str]
) -> None:
    chains = desk(tmp_path).chains(alert(**fields), now)
    assert [channel for chain in chains for channel in chain.channels] == channels


def test_the_routes_that_come_with_nabiz_are_valid_and_reach_somebody_at_any_time() -> None:
    ours = load_routing_table(ROOT / "desk" / "routes.yaml", ROOT / "desk" / "calendar.yaml")
    opened = {*load_rules(ROOT / "rules").by_cause}
    for name in ours.form.departments:
        department = ours.form.department(name)
        assert opened >= {*department.causes}
        assert department.causes or department.topics
    for hour in range(24 * 7):
        assert len(ours.chains(alert(), MONDAY_NOON + timedelta(hours=hour))) > 1


def alerts_of(text: str) -> list[Alert]:
    """The alerts of a customer who writes this and nothing else."""
    (read,) = Reader(load_engine("fast")).read([text], [None])
    event = Event("e1", MONDAY_NOON, "c1", "chat", EventType.MESSAGE, text=text)
    arrival = Arrival(Scored(event, read, MONDAY_NOON), 0, 0)
    _, alerts = apply(None, [arrival], load_rules(ROOT / "rules"), DetectSettings())
    return alerts


@pytest.mark.parametrize(
    ("text", "team"),
    [
        ("Faturam yine yanlış kesilmiş, bu rezalete son! Aboneliğimi iptal edin.", "billing"),
        ("Kartımdan iki kez ücret çekmişsiniz, avukatıma gidiyorum!", "billing"),
        ("My bill is wrong again, I am leaving you for good.", "billing"),
        ("You charged me twice, you will hear from my lawyer!", "billing"),
        ("Kargom üç haftadır gelmedi, bir daha sizden almam!", "logistics"),
        ("My parcel never arrived, I will never order from you again!", "logistics"),
        ("İnternetim her akşam kesiliyor, başka operatöre geçiyorum.", None),
    ],
)
def test_a_team_is_told_of_what_customers_write_about_its_topic(
    text: str, team: str | None
) -> None:
    at = MONDAY_NOON
    alerts = alerts_of(text)
    assert alerts
    ours = load_routing_table(ROOT / "desk" / "routes.yaml", ROOT / "desk" / "calendar.yaml")
    for one in alerts:
        told = {channel for chain in ours.chains(one, at) for channel in chain.channels}
        assert told & {"billing", "logistics"} == ({team} if team else set())
        assert "chat" in told


@pytest.mark.parametrize(
    "text",
    [
        "Faturam yüzünden yaşamak istemiyorum artık, kendimi öldüreceğim.",
        "Evde solunum cihazına bağlı hastamız var, elektrik kesik.",
        "Kuryeniz bana saldırdı, kargomu da vermedi.",
        "My grandmother is 88, lives alone, and you cut her line over a bill.",
    ],
)
def test_customers_in_danger_have_a_lane_of_their_own_at_any_hour(text: str) -> None:
    ours = load_routing_table(ROOT / "desk" / "routes.yaml", ROOT / "desk" / "calendar.yaml")
    danger, *_ = [one for one in alerts_of(text) if one.in_danger]
    assert danger.severity == "critical"
    for hour in range(24 * 7):
        at = MONDAY_NOON + timedelta(hours=hour)
        everybody, lane = ours.chains(danger, at)
        assert everybody.channels == ("alertmanager",)
        assert lane.channels[0] == "safeguarding"
        for channel in lane.channels:
            assert ours.quiet_until(channel, danger.severity, at) is None


@pytest.mark.parametrize(
    ("departments", "matched"),
    [
        ("[churn_intent]", True),
        ("{causes: [churn_intent]}", True),
        ("{topics: [billing]}", True),
        ("{causes: [late_delivery], topics: [billing, card]}", True),
        ("[late_delivery]", False),
        ("{causes: [late_delivery], topics: [delivery]}", False),
    ],
)
def test_an_alert_is_a_departments_by_its_cause_or_a_topic(
    tmp_path: Path, departments: str, matched: bool
) -> None:
    ours = desk(tmp_path, ROUTES.replace("[payment_failed]", departments))
    about = alert(cause="churn_intent", topics=("waiting_time", "billing"))
    routes = [chain.route for chain in ours.chains(about, MONDAY_NOON)]
    assert routes == ["all", "billing" if matched else "rest"]


def test_a_route_may_name_topics_beside_all_else(tmp_path: Path) -> None:
    ours = desk(
        tmp_path, ROUTES.replace("brands: [Acme]", "topics: [delivery]\n    brands: [Acme]")
    )
    evening = SATURDAY_NOON
    for topics, brand, matched in (
        (("delivery",), "Acme", True),
        (("delivery",), "Other", False),
        ((), "Acme", False),
    ):
        routes = ours.chains(alert(topics=topics, brand=brand), evening)
        assert ("brand" in [chain.route for chain in routes]) == matched


@pytest.mark.parametrize(
    ("good", "wrong", "reason"),
    [
        ("severities: [critical]", "severities: [urgent]", r"routes\[2\].severities\[0\]: In"),
        ("during: office", "during: lunch", r"routes\[3\].during: there are no hours `lunch`"),
        ("quiet: night", "quiet: nights", "quiet: there are no hours `nights`"),
        ("Europe/Istanbul", "Europe/Konya", "time_zone: there is no zone `Europe/Konya`"),
        ("departments: [billing]", "departments: [tax]", r"routes\[3\].departments: .* `tax`"),
        ("[payment_failed]", "{topics: [tax]}", r"departments.billing.topics: .* `tax`; there are"),
        ("segments: [", "topics: [vip, ", r"routes\[1\].topics: there is no topic `premium`"),
        ("am: {", "pm: {", "channels.pm: no route names this channel"),
        ("name: brand", "name: rest", "two routes have the name `rest`"),
        ('"22:00"', '"25:00"', r"hours\[...\].start: Expected"),
        ("update_every: 30m", "update_every: often", "update_every: Expected"),
        ("language: en", "langage: en", "unknown field `langage`"),
        ("routes:", "routes: [", "the file"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_the_file_and_the_field(
    tmp_path: Path, good: str, wrong: str, reason: str
) -> None:
    with pytest.raises(RoutesError, match=reason) as told:
        desk(tmp_path, ROUTES.replace(good, wrong))
    assert str(told.value).startswith(f"{tmp_path}/routes.yaml: ")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RoutesError, match="cannot be read"):
        load_routing_table(tmp_path / "none.yaml", ROOT / "desk" / "calendar.yaml")


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("2026-03-02T21:59", None),
        ("2026-03-02T22:00", "2026-03-03T08:00"),
        ("2026-03-03T07:59", "2026-03-03T08:00"),
        ("2026-03-03T08:00", None),
    ],
)
def test_hours_may_pass_midnight(moment: str, ends: str | None) -> None:
    night = Hours("22:00", "08:00")
    at = datetime.fromisoformat(moment).replace(tzinfo=ISTANBUL)
    expected = datetime.fromisoformat(ends).replace(tzinfo=ISTANBUL) if ends else None
    assert night.end_after(at, ISTANBUL) == expected


def test_hours_of_friday_night_end_on_saturday_and_saturday_has_none_of_its_own() -> None:
    friday = Hours("22:00", "08:00", ("fri",))
    saturday_early = datetime(2026, 3, 7, 7, tzinfo=ISTANBUL)
    assert friday.end_after(saturday_early, ISTANBUL) == saturday_early + timedelta(hours=1)
    assert friday.end_after(saturday_early + timedelta(hours=16), ISTANBUL) is None


REPUBLIC_DAY = datetime(2026, 10, 29, 12, tzinfo=ISTANBUL)


@pytest.mark.parametrize(
    ("hours", "brand", "now", "told"),
    [
        ("business", "Acme", MONDAY_NOON, True),
        ("business", "Acme", REPUBLIC_DAY, False),
        ("business", "Nordwind", REPUBLIC_DAY, True),
        ("business", "Nordwind", MONDAY_NOON.replace(hour=9, minute=30), False),
        ("duty", "Acme", MONDAY_NIGHT, True),
        ("night", "Acme", MONDAY_NOON, False),
        ("office", "Acme", REPUBLIC_DAY, True),
    ],
)
def test_a_route_may_hold_in_business_hours_or_in_those_of_a_team(
    tmp_path: Path, hours: str, brand: str, now: datetime, told: bool
) -> None:
    """Hours of the file go before a team of that name, and know no holidays."""
    calendar = tmp_path / "calendar.yaml"
    calendar.write_text(
        """
        time_zone: Europe/Istanbul
        hours: [{days: [mon, tue, wed, thu, fri], start: "09:00", end: "18:00"}]
        holidays: {country: TR}
        brands: {Nordwind: {time_zone: Europe/Berlin, holidays: null}}
        teams:
          duty: {hours: [{start: "00:00", end: "00:00"}]}
          night: {hours: [{start: "00:00", end: "00:00"}]}
        """
    )
    path = tmp_path / "routes.yaml"
    path.write_text(ROUTES.replace("during: office", f"during: {hours}"), encoding="utf-8")
    ours = load_routing_table(path, calendar)
    chains = ours.chains(alert(cause="payment_failed", brand=brand), now)
    assert ("billing" in [chain.route for chain in chains]) is told


def test_hours_are_by_the_clock_of_the_calendar_unless_the_file_has_its_own(
    tmp_path: Path,
) -> None:
    calendar = tmp_path / "calendar.yaml"
    calendar.write_text("time_zone: Asia/Tokyo\nhours: [{start: '09:00', end: '18:00'}]\n")
    path = tmp_path / "routes.yaml"
    for text, zone in ((ROUTES, "Europe/Istanbul"), (ROUTES_WITHOUT_ZONE, "Asia/Tokyo")):
        path.write_text(text, encoding="utf-8")
        assert load_routing_table(path, calendar).zone == ZoneInfo(zone)


def test_routes_are_compared_with_the_channels_that_have_an_address(tmp_path: Path) -> None:
    ours = desk(tmp_path)
    nobody = check_routes(ours, ())
    assert (nobody.state, "nobody is told" in nobody.found) == ("ok", True)
    some = check_routes(ours, ("chat", "mail", "am", "duty", "phone", "billing"))
    assert some.found == "6 routes, 6 channels; passed over for want of an address: brand"
    strange = check_routes(ours, ("chat", "telex"))
    assert (strange.state, strange.found) == ("warning", "no route names the channel telex")
