"""Charts, intervals and timelines of the board: pure functions."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.board.charts.chart import across, alone, band, line, upwards
from pipeline.board.charts.intervals import RANGES, intervals
from pipeline.board.charts.multiples import ENOUGH, SHOWN, Tile, tiles
from pipeline.board.charts.risk_curve import risk_curve
from pipeline.board.localizer import Localizer, plain
from pipeline.board.pages.pulse import figure
from pipeline.board.timeline import by_day, pieces, timeline
from pipeline.detection.signs import SIGNS
from pipeline.kpi.definitions import DEFINITIONS, Facts, KpiValue, Window, kpi_values
from pipeline.model.event_types import EventType
from tests.support.board_items import NOW, action, alert
from tests.support.customers import RULES, SETTINGS, START, Customer, event, histories, leaving

ISTANBUL = ZoneInfo("Europe/Istanbul")
FINITE = st.floats(-1e9, 1e9)


@given(st.lists(FINITE, max_size=9))
def test_every_value_lies_on_the_plane_and_greater_ones_higher(values: list[float]) -> None:
    scale = upwards(values)
    assert scale.low < scale.high
    heights = [scale.at(value) for value in sorted(values)]
    assert heights == sorted(heights, reverse=True)
    assert all(0 <= height <= 100 for height in heights)
    assert not values or scale.low <= min(values) + 1e-6
    assert not values or scale.high >= max(values) - 1e-6


@pytest.mark.parametrize(
    ("values", "ends"),
    [([3.0, 97.0], (0, 100)), ([-32, -23], (-35, -20)), ([0.0, 0.0], (0, 0.5)), ([], (0, 1))],
)
def test_scales_end_at_round_numbers(values: list[float], ends: tuple[float, float]) -> None:
    scale = upwards(values)
    assert (scale.low, scale.high) == pytest.approx(ends)


def test_a_gap_interrupts_lines_and_bands() -> None:
    points = [(0.0, 10.0), (1.0, 20.0), None, (3.0, 5.0), None, (5.0, 1.0), (6.0, 2.0)]
    assert line(points) == "M0 10L1 20M5 1L6 2"
    assert alone(points) == [(3.0, 5.0)]
    lows = [(0.0, 15.0), (1.0, 25.0), None, (3.0, 9.0), None, (5.0, 3.0), None]
    assert band(lows, points) == "M0 10L1 20L1 25L0 15Z"
    assert line([]) == band([], []) == ""
    assert across(1, 1).at(1) == 0


@pytest.mark.parametrize("name", RANGES)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_intervals_follow_on_one_another_and_the_last_one_runs(name: str, at: datetime) -> None:
    now = at.replace(tzinfo=UTC)
    windows = intervals(name, now, ISTANBUL)
    step, count = RANGES[name]
    assert len(windows) == count
    assert windows[-1].start <= now < windows[-1].end
    for before, after in pairwise(windows):
        assert before.end == after.start
        assert after.end - after.start == step
    assert windows == intervals(name, windows[-1].start, ISTANBUL)


def test_a_day_begins_at_midnight_of_the_desk() -> None:
    first = intervals("28d", datetime(2026, 3, 2, 22, tzinfo=UTC), ISTANBUL)[0]
    assert first.start.astimezone(ISTANBUL).hour == 0


def values_of(window: Window, **counts: int) -> list[KpiValue]:
    return kpi_values(Facts(counts=counts), {}, window, NOW)


def of(found: list[Tile], name: str) -> Tile:
    return found[SHOWN.index(name)]


def test_a_tile_shows_no_number_and_a_gap_where_too_few_answered() -> None:
    windows = intervals("24h", NOW, ISTANBUL)
    many = {"csat_answers": 40, "csat_satisfied": 30, "events": 3}
    few = {"csat_answers": ENOUGH - 1, "csat_satisfied": 1}
    rows = [
        values_of(window, **(few if place == 5 else many)) for place, window in enumerate(windows)
    ]
    found = tiles(values_of(windows[0], **many), rows)
    csat = of(found, "csat")
    assert csat.whole is not None
    assert csat.whole.value == 75
    assert csat.line.count("M") == csat.band.count("Z") == 2, "a gap at the sixth"
    assert [dot.open for dot in csat.dots] == [True], "the interval that runs stands apart"
    nps = of(found, "nps")
    assert (nps.whole, nps.line, nps.dots) == (None, "", [])
    events = of(found, "events")
    assert events.whole is not None
    assert events.whole.value == 3, "a count is a number, however small"
    none = tiles(values_of(windows[0], **few), rows)
    assert of(none, "csat").whole is None


def test_what_is_shown_is_defined() -> None:
    assert set(SHOWN) <= {definition.name for definition in DEFINITIONS}
    assert len(set(SHOWN)) == len(SHOWN)


@pytest.mark.parametrize(
    ("kpi", "value", "turkish", "english"),
    [
        ("nps", -27.4, "−27", "−27"),
        ("csat", 53.04, "%53,0", "53.0%"),
        ("csat_mean", 4.25, "4,25", "4.25"),
        ("events", 18_113.0, "18.113", "18,113"),
        ("first_response_median", 64.2, "64 dk", "64 min"),
        ("first_response_median", 198.0, "3,3 sa", "3.3 h"),
        ("first_response_median", 4_320.0, "3,0 gün", "3.0 d"),
    ],
)
def test_figures_are_written_as_in_the_language(
    kpi: str, value: float, turkish: str, english: str
) -> None:
    definition = next(one for one in DEFINITIONS if one.name == kpi)
    for language, text in (("tr", turkish), ("en", english)):
        assert figure(Localizer(language, ISTANBUL, NOW), definition, value) == text


def test_times_are_those_of_the_desk() -> None:
    say = Localizer("tr", ISTANBUL, NOW)
    assert say.clock(NOW) == "15:00"
    assert say.clock(NOW - timedelta(days=1)) == "1 Mar 15:00"
    assert say.clock(NOW - timedelta(days=365)) == "2 Mar 2025 15:00"
    assert say.ago(NOW - timedelta(minutes=125)) == "2 sa önce"
    assert say.ago(NOW + timedelta(minutes=1)) == "1 dk’dan az önce"
    assert say.left(NOW + timedelta(days=3)) == "3 gün kaldı"
    assert say.left(NOW - timedelta(minutes=5)) == "5 dk gecikti"


@pytest.mark.parametrize(
    ("language", "score", "probability"), [("tr", "82 puan", "%82"), ("en", "score 82", "82%")]
)
def test_a_risk_is_a_percentage_only_where_it_is_a_probability(
    language: str, score: str, probability: str
) -> None:
    say = Localizer(language, ISTANBUL, NOW)
    assert say.risk(0.82, calibrated=False) == score
    assert say.risk(0.82, calibrated=True) == probability


@pytest.mark.parametrize("language", ["tr", "en"])
def test_every_sign_that_a_model_weighs_has_a_name(language: str) -> None:
    say = Localizer(language, ISTANBUL, NOW)
    assert all("." not in say.label("rule", sign) for sign in SIGNS)


@given(histories())
def test_the_course_of_the_risk_ends_where_detect_stands(events: list) -> None:  # type: ignore[type-arg]
    until = START + timedelta(days=20)
    curve = risk_curve(events, RULES, SETTINGS, until)
    times = [at for at, _ in curve]
    assert times == sorted(times)
    assert times[0] == events[0].event.occurred_at
    assert times[-1] == until
    assert all(0 <= risk < 1 or risk == pytest.approx(1) for _, risk in curve)
    assert len(curve) < 3 * len(events) + 200


def test_the_risk_rises_at_an_event_stays_in_silence_and_falls_with_ordinary_life() -> None:
    visit, until = event("v", EventType.VISIT, 5 + 7 * 24), START + timedelta(days=30)
    risen, before, after, now = risk_curve([leaving("e1", 5), visit], RULES, SETTINGS, until)
    assert risen[0] == START + timedelta(hours=5)
    assert risen[1] == before[1] > 0.5 > after[1] == now[1] > 0
    assert now[0] == until
    assert risk_curve([], RULES, SETTINGS, NOW) == []


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_a_text_is_cut_without_loss(text: str, spans: list[tuple[int, int]]) -> None:
    cut = pieces(text, spans)
    assert "".join(part for part, _ in cut) == text
    assert all(part for part, _ in cut)


def test_what_an_alert_quotes_is_marked_in_the_text() -> None:
    assert pieces("iyi kötü iyi", [(4, 8)]) == [("iyi ", False), ("kötü", True), (" iyi", False)]
    customer = Customer()
    event = leaving("e1", 1)
    (opened,) = customer.receive(event)[:1]
    entries = timeline([event], [opened], [action("contact")])
    marked = [part for part, mark in entries[-1].pieces if mark]
    assert marked == [one.quote for one in opened.evidence]


def test_a_timeline_runs_back_from_now_by_days_of_the_desk() -> None:
    before_midnight = leaving("e1", 12.9)  # 20:54 UTC, 23:54 in Istanbul
    after_midnight = leaving("e2", 13.1)
    entries = timeline([before_midnight, after_midnight], [alert()], [])
    days = by_day(entries, Localizer("en", ISTANBUL, NOW))
    assert [(day, len(of)) for day, of in days] == [("3 Mar 2026", 1), ("2 Mar 2026", 2)]


@given(st.text())
def test_a_text_of_others_keeps_its_length_and_loses_what_steers(text: str) -> None:
    shown = plain(text)
    assert len(shown) == len(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
