"""What is told of a customer's habit, and what is not."""

import msgspec
import pytest

from pipeline.detection.habits.closing import closed, next_look
from pipeline.detection.habits.habit import REMEMBERED, Change, Habit, with_value
from tests.support.habits import MONDAY, lived, news, noisy, proof_of

SIX_WEEKS = 42


def fade(level: float, days: int = 10, to: float = 0.5) -> list[float]:
    return [level * (1 - (1 - to) * (day + 1) / days) for day in range(days)]


def test_a_fade_of_steady_usage_is_told_once_and_soon_with_its_proof() -> None:
    usage = noisy(3.0, SIX_WEEKS) + fade(3.0) + noisy(1.5, 20)
    ends = lived(usage)
    ((day, state),) = news(ends)
    assert state == "falling"
    assert SIX_WEEKS <= day < SIX_WEEKS + 10  # before half is reached
    proof = proof_of(ends)
    assert proof.kind == "falling"
    assert SIX_WEEKS <= proof.since - MONDAY <= day
    assert proof.before == pytest.approx(3.0, rel=0.1)
    assert 1.5 < proof.now < 2.7
    assert [shown.day for shown in proof.curve] == list(range(MONDAY + day - 27, MONDAY + day + 1))
    assert proof.curve[-1].value == pytest.approx(usage[day], rel=1e-6)
    assert all(shown.usual == pytest.approx(3.0, rel=0.15) for shown in proof.curve)
    assert {end.state for end in ends[day:]} == {"falling"}


def test_four_weeks_of_history_are_enough() -> None:
    falling_to_nothing = [2.6, 2.4, 2.1, 1.9, 1.6, 1.3, 1.0, 0.8, 0.6, 0.4, 0.2]
    ends = lived(noisy(3.0, 28, 0.07) + falling_to_nothing, share=0.5)
    ((day, state),) = news(ends)
    assert (state, 28 <= day <= 28 + 7) == ("falling", True)


def test_usage_that_stops_at_once_is_quiet_within_days() -> None:
    ends = lived(noisy(3.0, SIX_WEEKS) + [0.0] * 20)
    ((day, state),) = news(ends)
    assert (state, day) == ("quiet", SIX_WEEKS + 3)
    proof = proof_of(ends)
    assert (proof.since, proof.now) == (MONDAY + SIX_WEEKS, 0.0)
    assert proof.before == pytest.approx(3.0, rel=0.1)


def test_a_fade_to_nothing_is_told_as_falling_and_then_as_quiet() -> None:
    ends = lived(noisy(3.0, SIX_WEEKS) + fade(3.0, 20, 0.0) + [0.0] * 10)
    assert [state for _, state in news(ends)] == ["falling", "quiet"]


def test_what_comes_again_after_silence_is_recovered_at_once() -> None:
    ends = lived(noisy(3.0, SIX_WEEKS) + [0.0] * 10 + noisy(3.0, 5))
    assert news(ends)[1:] == [(SIX_WEEKS + 10, "recovered")]
    assert ends[-1].state == "steady"


def test_a_fallen_level_is_recovered_after_a_week_at_its_former_height() -> None:
    low = noisy(3.0, SIX_WEEKS) + noisy(1.2, 15)
    ends = lived(low + noisy(3.0, 10))
    (_, first), (day, second) = news(ends)
    assert (first, second) == ("falling", "recovered")
    assert len(low) + 4 <= day <= len(low) + 7
    assert proof_of(ends, 1).now == pytest.approx(3.0, rel=0.2)


def test_after_a_lasting_fall_the_new_level_is_the_habit_and_the_change_stays_known() -> None:
    ends = lived(noisy(3.0, SIX_WEEKS) + noisy(1.5, 60) + noisy(0.6, 20))
    (_, first), (day, second) = news(ends)
    assert (first, second) == ("falling", "falling")
    assert SIX_WEEKS + 60 <= day < SIX_WEEKS + 66
    assert ends[SIX_WEEKS + 55].state == "falling"
    assert proof_of(ends, 1).before == pytest.approx(1.5, rel=0.1)


@pytest.mark.parametrize(
    ("week", "kind"), [([0, 0, 0, 0, 0, 1, 0], "lapsed"), ([0, 0, 0, 0, 0, 2, 3], "lapsed")]
)
def test_days_on_which_nothing_is_usual_are_no_silence(week: list[float], kind: str) -> None:
    ends = lived(week * 20 + [0.0] * 49, "count")
    ((day, state),) = news(ends)
    assert state == kind
    assert 20 * 7 + 12 < day < 20 * 7 + 35  # some missed weekends, but no missed working days


def test_a_number_that_is_sent_weekly_is_no_silence_between() -> None:
    assert news(lived([5.0, 0, 0, 0, 0, 0, 0] * 30)) == []


def test_irregular_orders_lapse_later_than_regular_ones() -> None:
    def days(gaps: list[int]) -> int:
        orders = [float(day == gap) for gap in gaps for day in range(1, gap + 1)]
        ((day, state),) = news(lived(orders + [0.0] * 400, "count"))
        assert state == "lapsed"
        return day - len(orders)

    assert days([20] * 15) < days([6, 40, 9, 33, 12] * 3)


def test_a_new_customer_is_not_judged() -> None:
    ends = lived([3.0, 2.0, 0.5] + [0.0] * 30)
    assert {end.state for end in ends} == {"too_little"}


def test_a_burst_neither_alarms_nor_hides_a_fade() -> None:
    usage = noisy(3.0, SIX_WEEKS)
    usage[20] = usage[38] = 30.0
    ends = lived(usage + fade(3.0) + noisy(1.5, 5))
    ((day, state),) = news(ends)
    assert (state, day < SIX_WEEKS + 12) == ("falling", True)


def test_slow_growth_is_steady() -> None:
    growing = [value * 1.08 ** (day / 30) for day, value in enumerate(noisy(3.0, 200))]
    assert news(lived(growing)) == []


def test_holidays_are_neither_low_days_nor_silence() -> None:
    week = list(range(MONDAY + SIX_WEEKS, MONDAY + SIX_WEEKS + 9))
    for days in ([0.0] * 9, [0.9] * 9):
        usage = noisy(3.0, SIX_WEEKS) + days + noisy(3.0, 20, seed=2)
        assert news(lived(usage, holidays=week)) == []
        assert news(lived(usage)) != []


def test_a_smaller_share_of_the_budget_needs_more_proof() -> None:
    usage = noisy(3.0, SIX_WEEKS, 0.3) + fade(3.0, 10, 0.2) + [0.3] * 5
    ((whole, _),) = news(lived(usage))
    ((part, _),) = news(lived(usage, share=0.05))
    assert whole < part


def test_a_late_value_counts_from_the_next_closing_on() -> None:
    end = lived(noisy(3.0, SIX_WEEKS) + [0.0] * 3)[-1]
    late = with_value(end.habit, MONDAY + SIX_WEEKS + 1, 3.0)
    assert closed(end.habit, MONDAY + SIX_WEEKS + 3, "amount").state == "quiet"
    assert closed(late, MONDAY + SIX_WEEKS + 3, "amount").state == "steady"


def test_a_late_value_ends_a_silence_that_was_told() -> None:
    end = lived(noisy(3.0, SIX_WEEKS) + [0.0] * 4)[-1]
    late = with_value(end.habit, MONDAY + SIX_WEEKS + 2, 3.0)
    assert end.state == "quiet"
    assert next_look(end.habit, MONDAY + SIX_WEEKS + 3) is None
    assert next_look(late, MONDAY + SIX_WEEKS + 3) == MONDAY + SIX_WEEKS + 4
    assert closed(late, MONDAY + SIX_WEEKS + 4, "amount").state == "recovered"


@pytest.mark.parametrize("end", [[1.5] * 8, [0.0] * 6])
def test_a_day_that_is_closed_again_tells_nothing_twice(end: list[float]) -> None:
    for day, told in enumerate(lived(noisy(3.0, SIX_WEEKS) + end), MONDAY):
        if told.news:
            again = closed(told.habit, day, "amount")
            assert (again.state, again.news, again.habit) == (told.state, None, told.habit)
            return
    pytest.fail("nothing was told")


def test_a_habit_is_small_and_reads_what_it_wrote() -> None:
    habit = Habit()
    for day, value in enumerate(noisy(3.0, 100)):
        habit = with_value(habit, MONDAY + day, value)
    assert len(habit.values(MONDAY + 100)) == REMEMBERED
    habit = msgspec.structs.replace(habit, change=Change("falling", MONDAY, MONDAY + 1, 3.0))
    encoded = msgspec.msgpack.encode(habit)
    assert len(encoded) <= 400
    assert msgspec.msgpack.decode(encoded, type=Habit) == habit


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_amount_adds_nothing(value: float) -> None:
    assert with_value(Habit(), MONDAY, value) == Habit()
