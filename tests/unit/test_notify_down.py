"""What becomes of a message that a channel does not take."""

from pipeline.notify.due import REFUSALS
from pipeline.notify.routes import RoutingTable
from tests.support.notify_cases import MONDAY_NOON, alert
from tests.support.notify_play import MINUTE, Play


def test_a_channel_that_is_down_is_replaced_by_the_next_for_this_alert(ours: RoutingTable) -> None:
    play = Play(ours, ("chat", "mail"))
    play.down = {"chat"}
    assert play(MONDAY_NOON, alert()) == [("mail", "opened")]
    play.down = set()
    assert play(MONDAY_NOON + 60 * MINUTE) == []
    assert play(MONDAY_NOON + 61 * MINUTE, alert(2, state="resolved")) == [("mail", "resolved")]


def test_where_all_channels_are_down_each_is_tried_again_with_growing_pauses(
    ours: RoutingTable,
) -> None:
    play = Play(ours, ("chat",))
    play.down = {"chat"}
    tries = 0
    for minute in range(16):
        before = play.customer
        play(MONDAY_NOON + minute * MINUTE, *([alert()] if minute == 0 else []))
        tries += play.customer.threads[0].failures != (before.threads[0].failures if minute else ())
    assert tries == 5  # after 0, 1, 3, 7 and 15 minutes
    play.down = set()
    assert play(MONDAY_NOON + 120 * MINUTE) == [("chat", "opened")]


def test_the_last_message_is_tried_until_the_channel_takes_it(ours: RoutingTable) -> None:
    play = Play(ours, ("chat", "mail"))
    play(MONDAY_NOON, alert())
    play.down = {"chat"}
    assert play(MONDAY_NOON + MINUTE, alert(2, state="resolved")) == []
    play.down = set()
    assert play(MONDAY_NOON + 3 * MINUTE) == [("chat", "resolved")]


def test_a_message_that_a_channel_refuses_for_good_is_given_up_until_there_is_something_new(
    ours: RoutingTable,
) -> None:
    play = Play(ours, ("chat",))
    play.refusing = {"chat"}
    play(MONDAY_NOON, alert())
    for minutes in range(10, 600, 10):
        play(MONDAY_NOON + minutes * MINUTE)
    assert play.refused == REFUSALS
    play.refusing = set()
    later = MONDAY_NOON + 600 * MINUTE
    assert play(later) == []
    assert play(later, alert(2, at=later, severity="critical")) == [("chat", "opened")]


def test_a_channel_that_is_away_is_tried_however_long_that_takes(ours: RoutingTable) -> None:
    play = Play(ours, ("chat",))
    play.down = {"chat"}
    for minutes in range(0, 1_440, 10):
        play(MONDAY_NOON + minutes * MINUTE, alert())
    play.down = set()
    assert play(MONDAY_NOON + 1_500 * MINUTE) == [("chat", "opened")]
