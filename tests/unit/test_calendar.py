"""Business time: holidays and half days, other clocks, shifts over midnight, days of one's own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendar, Calendars
from pipeline.calendar.calendar_file import CalendarError, load_calendars, load_time_zone
from pipeline.config.groups import ROOT

SHIPPED = ROOT / "desk" / "calendar.yaml"
BERLIN = ZoneInfo("Europe/Berlin")

HOUSE = """
time_zone: Europe/Istanbul
hours:
  - {days: [mon, tue, wed, thu, fri], start: "09:00", end: "18:00"}
holidays: {country: TR}
days:
  2026-08-03/2026-08-07: closed
  2026-12-31: half_day
  2026-08-31: half_day
  2026-07-15: open
  2026-11-28: [{start: "10:00", end: "12:00"}, {start: "13:00", end: "14:00"}]
brands:
  Nordwind: {time_zone: Europe/Berlin, holidays: {country: DE, region: BE}, days: {}}
  Abend: {hours: [{start: "12:00", end: "20:00"}], half_day_ends: "16:00"}
teams:
  night:
    time_zone: Europe/Berlin
    hours: [{days: [mon, tue, wed, thu, fri, sat], start: "22:00", end: "06:00"}]
    holidays: null
  duty: {hours: [{start: "00:00", end: "00:00"}], holidays: null, days: {}}
"""


def calendars(folder: Path, text: str = HOUSE) -> Calendars:
    path = folder / "calendar.yaml"
    path.write_text(text, encoding="utf-8")
    return load_calendars(path)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Calendars:
    return calendars(tmp_path_factory.mktemp("desk"))


def minutes(calendar: Calendar, start: str, end: str) -> float:
    """Between two times by the calendar's own clock."""
    since, until = (datetime.fromisoformat(at).replace(tzinfo=calendar.zone) for at in (start, end))
    return calendar.minutes_between(since, until)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02 10:00", "2026-03-02 11:00", 60),
        ("2026-03-01 10:00", "2026-03-02 09:00", 0),
        ("2026-03-02 10:00", "2026-03-09 10:00", 5 * 540),
        ("2026-03-06 17:30", "2026-03-09 09:30", 60),
        ("2026-10-27 17:00", "2026-10-30 10:00", 60 + 240 + 60),  # Republic Day and the day before
        ("2026-03-18 17:00", "2026-03-23 10:00", 60 + 240 + 60),  # Ramadan feast, after its eve
        ("2026-05-25 17:00", "2026-06-01 10:00", 60 + 240 + 60),  # Feast of Sacrifice, four days
        ("2026-10-28 13:00", "2026-10-30 09:00", 0),
        ("2026-12-31 09:00", "2027-01-05 09:00", 540 + 540),  # New Year's Day is a Friday
    ],
)
def test_business_minutes_as_shipped(start: str, end: str, expected: float) -> None:
    assert minutes(load_calendars(SHIPPED).house, start, end) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-07-31 17:00", "2026-08-10 10:00", 60 + 60),  # a closed week
        ("2026-12-31 00:00", "2027-01-01 00:00", 240),  # a half day of the house
        ("2026-08-31 12:00", "2026-09-01 09:00", 60),
        ("2026-07-15 00:00", "2026-07-16 00:00", 540),  # open in spite of the holiday
        ("2026-11-28 00:00", "2026-11-29 00:00", 120 + 60),  # a Saturday with hours of its own
    ],
)
def test_days_of_the_house_go_before_holidays_and_the_week(
    ours: Calendars, start: str, end: str, expected: float
) -> None:
    assert minutes(ours.house, start, end) == expected


def test_a_brand_has_its_own_clock_hours_and_holidays(ours: Calendars) -> None:
    nordwind, abend = ours.of_brand("Nordwind"), ours.of_brand("Abend")
    assert minutes(nordwind, "2026-05-14 00:00", "2026-05-15 00:00") == 0  # Ascension Day
    assert minutes(nordwind, "2026-10-29 00:00", "2026-10-30 00:00") == 540
    assert minutes(nordwind, "2026-03-08 12:00", "2026-03-09 10:00") == 60
    assert minutes(abend, "2026-10-28 00:00", "2026-10-29 00:00") == 240
    assert minutes(abend, "2026-03-07 19:00", "2026-03-08 13:00") == 120
    assert minutes(abend, "2026-08-03 00:00", "2026-08-08 00:00") == 0
    assert ours.of_brand(" NORDWİND ") is nordwind
    assert ours.of_brand("Mavi Hat") is ours.of_brand(None) is ours.house


@pytest.mark.parametrize(("region", "epiphany", "women_s_day"), [("BE", 540, 0), ("BY", 0, 540)])
def test_holidays_are_those_of_the_region(
    tmp_path: Path, region: str, epiphany: float, women_s_day: float
) -> None:
    text = HOUSE.replace("region: BE", f"region: {region}")
    calendar = calendars(tmp_path, text).of_brand("Nordwind")
    assert minutes(calendar, "2026-01-06 00:00", "2026-01-07 00:00") == epiphany
    assert minutes(calendar, "2027-03-08 00:00", "2027-03-09 00:00") == women_s_day


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-03-27", 8), ("2026-03-28", 7), ("2026-10-24", 9), ("2026-10-25", 0)],
)
def test_a_night_shift_belongs_to_its_evening_and_is_as_long_as_the_night(
    ours: Calendars, evening: str, hours: int
) -> None:
    night = ours.teams["night"]
    begins = datetime.fromisoformat(evening).replace(hour=12, tzinfo=BERLIN)
    ends = begins + timedelta(days=1)
    assert night.minutes_between(begins, ends) == hours * 60
    if hours:
        last = night.add(begins, timedelta(hours=hours))
        assert last.astimezone(BERLIN).hour == 6


def test_a_night_shift_of_new_year_s_eve_is_worked_into_the_holiday(ours: Calendars) -> None:
    night = ours.teams["night"]
    assert minutes(night, "2026-12-29 12:00", "2026-12-30 12:00") == 8 * 60
    halves = (
        minutes(night, "2027-12-31 20:00", "2028-01-01 00:00"),
        minutes(night, "2028-01-01 00:00", "2028-01-01 12:00"),
    )
    assert halves == (120, 360)


def test_around_the_clock_business_time_is_time(ours: Calendars) -> None:
    start = datetime(2024, 10, 28, 3, 4, 5, tzinfo=UTC)
    for calendar in (ours.teams["duty"], AROUND_THE_CLOCK.house):
        for days in (0.5, 1, 400, 900):
            length = timedelta(days=days)
            assert calendar.minutes_between(start, start + length) == length / timedelta(minutes=1)
            assert calendar.add(start, length) == start + length


def test_shifts_that_overlap_are_worked_once(tmp_path: Path) -> None:
    two = '- {days: [mon], start: "16:00", end: "20:00"}\n  - {days: [mon, tue'
    house = calendars(tmp_path, HOUSE.replace("- {days: [mon, tue", two, 1)).house
    assert minutes(house, "2026-03-02 00:00", "2026-03-03 00:00") == 11 * 60


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02 10:00", 2, "2026-03-02 12:00"),
        ("2026-03-02 10:00", 8, "2026-03-02 18:00"),
        ("2026-03-02 10:00", 9, "2026-03-03 10:00"),
        ("2026-03-07 10:00", 1, "2026-03-09 10:00"),
        ("2026-10-28 12:00", 2, "2026-10-30 10:00"),
        ("2026-12-31 17:00", 2, "2027-01-04 10:00"),
        ("2026-03-07 10:00", 0, "2026-03-07 10:00"),
    ],
)
def test_business_time_after_a_moment(start: str, hours: int, end: str) -> None:
    house = load_calendars(SHIPPED).house
    since, until = (datetime.fromisoformat(at).replace(tzinfo=house.zone) for at in (start, end))
    assert house.add(since, timedelta(hours=hours)) == until


def test_it_is_business_time_from_the_first_minute_to_before_the_last(ours: Calendars) -> None:
    opening = datetime(2026, 10, 28, 6, tzinfo=UTC)
    for hours, is_open in ((-0.01, False), (0, True), (3.99, True), (4, False), (24, False)):
        assert ours.house.is_open(opening + timedelta(hours=hours)) is is_open


moments = st.datetimes(datetime(2025, 12, 25), datetime(2027, 1, 10), timezones=st.just(UTC))
works = st.integers(1, 400 * 60).map(lambda count: timedelta(minutes=count))
names = st.sampled_from(["nordwind", "abend", "night", "duty", "house"])


def named(ours: Calendars, name: str) -> Calendar:
    return {**ours.brands, **ours.teams, "house": ours.house}[name]


@given(moments, works, names)
def test_so_much_business_time_is_between_a_moment_and_that_time_after_it(
    ours: Calendars, start: datetime, work: timedelta, name: str
) -> None:
    calendar = named(ours, name)
    end = calendar.add(start, work)
    assert end > start
    assert calendar.minutes_between(start, end) == pytest.approx(work / timedelta(minutes=1))
    assert calendar.is_open(end - timedelta(microseconds=1))


@given(moments, moments, moments, names)
def test_business_time_adds_up(
    ours: Calendars, first: datetime, second: datetime, third: datetime, name: str
) -> None:
    calendar = named(ours, name)
    start, middle, end = sorted([first, second, third])
    parts = calendar.minutes_between(start, middle) + calendar.minutes_between(middle, end)
    assert calendar.minutes_between(start, end) == pytest.approx(parts)


@given(moments, st.integers(0, 72), names)
def test_business_minutes_are_those_that_are_open(
    ours: Calendars, start: datetime, hours: int, name: str
) -> None:
    calendar = named(ours, name)
    start = start.replace(minute=0, second=0, microsecond=0)
    each = [start + timedelta(minutes=minute) for minute in range(hours * 60)]
    end = start + timedelta(hours=hours)
    assert calendar.minutes_between(start, end) == sum(map(calendar.is_open, each))


@pytest.mark.parametrize(
    ("good", "wrong", "reason"),
    [
        ("Europe/Istanbul", "Europe/Konya", "time_zone: there is no zone `Europe/Konya`"),
        ("Europe/Istanbul", "Europe", "time_zone: there is no zone `Europe`"),
        ("Europe/Berlin, holidays", "Berlin, holidays", "brands.Nordwind.time_zone: there is no"),
        ('"09:00"', '"9:00"', r"hours\[0\].start: Expected"),
        ('"09:00"', '"09:00\\n"', r"hours\[0\].start: Expected"),
        ("[mon, tue, wed, thu, fri], start", "[monday], start", r"hours\[0\].days\[0\]: Invalid"),
        ("[mon, tue, wed, thu, fri], start", "[], start", "hours: no day has business hours"),
        ("country: TR", "country: XX", "holidays: the holidays of the country `XX` are not"),
        ("country: TR", "country: Turkey", "holidays.country: Expected"),
        ("country: TR", "country: NO", "holidays.country: Expected `str`, got `bool`"),
        ("region: BE", "region: XX", "brands.Nordwind.holidays: DE has no region `XX`; .*BE"),
        ("2026-12-31: half", "2026-02-30: half", "days.2026-02-30: 2026-02-30 is not a date"),
        ("2026-12-31: half", "31.12.2026: half", "days.31.12.2026: write a day like 2026-12-24"),
        ("2026-08-03/", "2026-08-08/", "days.2026-08-08/2026-08-07: must be a range from"),
        (
            "2026-08-03/",
            "2016-08-03/",
            "days.2016-08-03/2026-08-07: must .* within a year",
        ),
        ("2026-12-31: half", "2026-08-05: half", "days.2026-08-05: 2026-08-05 is given twice"),
        ("half_day\n", "half\n", "days.*: Invalid enum value 'half'"),
        ("teams:", "team:", "unknown field `team`"),
        ("  duty:", "  On duty:", "Expected `str` matching regex"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_the_file_and_the_field(
    tmp_path: Path, good: str, wrong: str, reason: str
) -> None:
    with pytest.raises(CalendarError, match=reason) as told:
        calendars(tmp_path, HOUSE.replace(good, wrong, 1))
    assert str(told.value).startswith(f"{tmp_path}/calendar.yaml: ")


def test_the_zone_alone_is_read_of_the_same_file() -> None:
    assert load_time_zone(SHIPPED) == load_calendars(SHIPPED).house.zone
