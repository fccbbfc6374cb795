"""Attempts to log in: who fails waits longer each time, in bounded memory, and nobody else does."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access import throttle
from pipeline.access.throttle import (
    FORGOTTEN,
    FREE,
    LONGEST,
    Attempts,
    Key,
    charged,
    forgiven,
    wait,
)

NAME: Key = ("name", "ayse")
ADDRESS: Key = ("address", "10.0.0.1")
KEYS = [NAME, ADDRESS]

gaps = st.lists(st.floats(0, 2 * FORGOTTEN), max_size=60)


def guessed(attempts: Attempts, keys: Sequence[Key], now: float) -> Attempts:
    """Let somebody fail as soon as they may; what comes too early is not counted."""
    return attempts if wait(attempts, keys, now) else charged(attempts, keys, now)


def test_waits_double_up_to_the_longest() -> None:
    attempts: Attempts = {}
    waits = []
    now = 0.0
    for _ in range(FREE["name"] + 12):
        now += wait(attempts, [NAME], now)
        attempts = charged(attempts, [NAME], now)
        waits.append(wait(attempts, [NAME], now))
    assert waits[: FREE["name"]] == [0, 0, 0, 0, 1]
    assert waits[FREE["name"] :] == [2, 4, 8, 16, 32, 64, 128, 256, *[LONGEST] * 4]


@given(st.floats(60, 86_400))
def test_guesses_against_one_name_are_few_however_fast_they_come(span: float) -> None:
    attempts: Attempts = {}
    now, made = 0.0, 0
    while now < span:
        attempts, made = charged(attempts, [NAME], now), made + 1
        now += wait(attempts, [NAME], now) + 1e-6
    assert made <= FREE["name"] + 10 + span / LONGEST


@given(gaps)
def test_a_wait_is_over_when_it_said_and_never_longer_than_the_longest(gaps: list[float]) -> None:
    attempts: Attempts = {}
    now = 0.0
    for gap in gaps:
        now += gap
        attempts = guessed(attempts, KEYS, now)
        left = wait(attempts, KEYS, now)
        assert 0 <= left <= LONGEST
        assert wait(attempts, KEYS, now + left + 1e-3) == 0


@given(gaps, st.floats(0, 10 * FORGOTTEN))
def test_others_do_not_wait(gaps: list[float], now: float) -> None:
    attempts: Attempts = {}
    for gap in gaps:
        attempts = charged(attempts, KEYS, gap)
    assert wait(attempts, [("name", "mehmet"), ("address", "10.0.0.2")], now) == 0


@given(st.floats(0, 1e9), st.floats(0, 1e6))
def test_a_clock_that_is_set_back_makes_no_wait_longer(now: float, back: float) -> None:
    attempts: Attempts = {}
    for _ in range(30):
        attempts = charged(attempts, KEYS, now)
    assert wait(attempts, KEYS, now - back) <= LONGEST


def test_after_a_success_the_name_starts_anew_and_the_address_does_not() -> None:
    attempts: Attempts = {}
    for _ in range(FREE["address"]):
        attempts = charged(attempts, KEYS, 0.0)
    after = forgiven(charged(attempts, KEYS, 400.0), KEYS)
    assert NAME not in after
    assert after[ADDRESS].times == attempts[ADDRESS].times


def test_quiet_attempts_are_forgotten() -> None:
    attempts: Attempts = {}
    for _ in range(50):
        attempts = charged(attempts, KEYS, 0.0)
    attempts = charged(attempts, KEYS, FORGOTTEN)
    assert wait(attempts, KEYS, FORGOTTEN) == 0


def test_a_flood_of_names_takes_bounded_room_and_frees_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttle, "REMEMBERED", 20)
    attempts: Attempts = {}
    for _ in range(FREE["name"] + 3):
        attempts = charged(attempts, [NAME], 0.0)
    for number in range(200):
        flood: list[Key] = [("name", f"x{number}"), ("address", f"10.1.0.{number}")]
        attempts = charged(attempts, flood, 1.0)
        assert len(attempts) <= 20
        assert all(key in attempts for key in flood)
    assert wait(attempts, [NAME], 1.0) > 0
