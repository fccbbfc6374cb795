"""Whose turn it is among partitions of several topics."""

from datetime import UTC, datetime, timedelta

from faust.types import TP

from agents.runtime.interleave import PATIENCE, Interleaver

MORNING = datetime(2026, 11, 29, 9, tzinfo=UTC)
CALLS, SURVEYS = TP("calls", 0), TP("surveys", 0)
OTHER_CALLS = TP("calls", 1)
ALL = {CALLS, SURVEYS, OTHER_CALLS}


def read(**minutes: float) -> Interleaver:
    """A worker that has read partition 0 of the topics up to so many minutes past nine."""
    abreast = Interleaver()
    for topic, past in minutes.items():
        abreast.read(TP(topic, 0), MORNING + timedelta(minutes=past))
    return abreast


def test_the_topic_that_is_behind_goes_first() -> None:
    assert read(calls=1, surveys=5).turn(ALL, ALL, ALL, now=0) == {CALLS, OTHER_CALLS}
    assert read(calls=5, surveys=1).turn(ALL, ALL, ALL, now=0) == {SURVEYS, OTHER_CALLS}


def test_what_was_never_read_goes_first() -> None:
    assert read(surveys=5).turn(ALL, ALL, ALL, now=0) == {CALLS, OTHER_CALLS}
    assert Interleaver().turn(ALL, ALL, ALL, now=0) == ALL


def test_a_topic_that_has_nothing_holds_up_no_other() -> None:
    assert read(calls=1, surveys=5).turn(ALL, {SURVEYS}, {SURVEYS}, now=0) == ALL


def test_what_is_unread_is_waited_for_and_not_for_long() -> None:
    abreast = read(calls=1, surveys=5)
    assert SURVEYS not in abreast.turn(ALL, {SURVEYS}, ALL, now=0)
    assert SURVEYS not in abreast.turn(ALL, {SURVEYS}, ALL, now=PATIENCE - 0.01)
    assert SURVEYS in abreast.turn(ALL, {SURVEYS}, ALL, now=PATIENCE)


def test_what_gives_again_is_waited_for_again() -> None:
    abreast = read(calls=1, surveys=5)
    for now in (0.0, PATIENCE):
        abreast.turn(ALL, {SURVEYS}, ALL, now)
    abreast.turn(ALL, {CALLS, SURVEYS}, ALL, now=2 * PATIENCE)
    assert SURVEYS not in abreast.turn(ALL, {SURVEYS}, ALL, now=2.5 * PATIENCE)


def test_a_partition_that_is_not_active_holds_up_nothing() -> None:
    assert read(calls=1, surveys=5).turn({SURVEYS}, ALL, ALL, now=0) == {SURVEYS}
