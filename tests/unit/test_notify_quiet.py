"""What waits for the end of the quiet hours."""

from pipeline.notify.routes import RoutingTable
from tests.support.notify_cases import MONDAY_NIGHT, alert
from tests.support.notify_play import MINUTE, Play


def test_what_is_not_critical_waits_for_the_morning(ours: RoutingTable) -> None:
    play = Play(ours)
    assert play(MONDAY_NIGHT, alert(at=MONDAY_NIGHT)) == [("am", "opened")]
    assert play(MONDAY_NIGHT + 8 * 60 * MINUTE) == []
    assert play(MONDAY_NIGHT + 9 * 60 * MINUTE) == [("chat", "opened")]
    assert [one.digest for one in play.digests] == [True]


def test_an_alert_that_ends_in_the_quiet_hours_is_one_line_of_the_digest(
    ours: RoutingTable,
) -> None:
    play = Play(ours, ("chat",))
    play(MONDAY_NIGHT, alert(at=MONDAY_NIGHT))
    play(MONDAY_NIGHT + MINUTE, alert(2, at=MONDAY_NIGHT, state="resolved"))
    assert play(MONDAY_NIGHT + 10 * 60 * MINUTE) == [("chat", "resolved")]


def test_what_is_critical_rings_at_night_and_so_does_what_becomes_critical(
    ours: RoutingTable,
) -> None:
    play = Play(ours, ("duty", "chat"))
    assert play(MONDAY_NIGHT, alert(at=MONDAY_NIGHT, severity="critical")) == [("duty", "opened")]
    play = Play(ours, ("duty", "chat"))
    assert play(MONDAY_NIGHT, alert(at=MONDAY_NIGHT)) == []
    worse = alert(2, at=MONDAY_NIGHT, severity="critical")
    assert {*play(MONDAY_NIGHT + MINUTE, worse)} == {("chat", "opened"), ("duty", "opened")}
