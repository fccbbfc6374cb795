"""Alerts against the truth: what counts as found, as right and as rung in vain."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from typer import Typer
from typer.testing import CliRunner

import evaluation.detection.__main__ as command
from evaluation.detection.match import Kind, kinds, recalled, score, spared
from evaluation.detection.page import page
from evaluation.detection.play import Played, play
from pipeline.config.groups import ROOT
from pipeline.detection.rules import load_rules
from pipeline.model.alert import Alert
from pipeline.sources.simulate import Expectation, Truth, simulate_with_truth
from pipeline.text.open import load_engine
from tests.support.notify_cases import alert as alert_like

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUNG = Kind(
    "missed", causes=("promise_missed",), finds=("broken",), also=("fury",), spares=("kept",)
)


def alert(hours: float, cause: str = "promise_missed", closed: float | None = None) -> Alert:
    at = START + hours * HOUR
    closed_at = None if closed is None else START + closed * HOUR
    return alert_like(
        id=f"{cause}-{hours}",
        cause=cause,
        customer_id="c",
        opened_at=at,
        updated_at=at,
        closed_at=closed_at,
    )


def truth(kind: str, start: float, end: float, expects: Expectation = "alert") -> Truth:
    return Truth(kind, "c", START + start * HOUR, START + end * HOUR, expects)


def test_a_truth_is_found_by_an_alert_of_its_kind_while_that_helps() -> None:
    broken = truth("broken", 10, 20)
    found = score(RUNG, [RUNG], [alert(12)], [broken])
    assert found[:4] == (1, 1, 1, 1)
    assert (found.after, found.ahead) == ([2 * HOUR], [8 * HOUR])
    assert score(RUNG, [RUNG], [alert(21)], [broken])[:4] == (1, 0, 1, 0)
    assert score(RUNG, [RUNG], [alert(12, "other")], [broken])[:4] == (0, 0, 1, 0)
    assert score(RUNG, [RUNG], [], [broken])[:4] == (0, 0, 1, 0)


def test_one_alert_of_any_kind_that_should_find_a_truth_is_enough() -> None:
    late = Kind("late", causes=("late",), finds=("broken",))
    one = [alert(12, "late")]
    assert score(RUNG, [RUNG, late], one, [truth("broken", 10, 20)])[:4] == (0, 0, 1, 1)
    assert score(late, [RUNG, late], one, [truth("broken", 10, 20)])[:4] == (1, 1, 1, 1)


def test_an_alert_that_is_open_already_finds_it_and_one_that_was_closed_does_not() -> None:
    broken = truth("broken", 10, 20)
    before = score(RUNG, [RUNG], [alert(5)], [broken])
    assert (before.right, before.found, before.after) == (0, 1, [])
    assert score(RUNG, [RUNG], [alert(5, closed=9)], [broken]).found == 0


def test_what_may_ring_makes_an_alert_right_and_is_not_asked_for() -> None:
    luck = truth("broken", 10, 20, "either")
    assert score(RUNG, [RUNG], [alert(12)], [luck])[:4] == (1, 1, 0, 0)
    assert score(RUNG, [RUNG], [alert(12)], [truth("fury", 10, 20)])[:4] == (1, 1, 0, 0)


def test_recall_of_a_truth_is_by_its_own_alerts_and_by_any() -> None:
    broken = [truth("broken", 10, 20), truth("broken", 30, 40), truth("broken", 50, 60)]
    alerts = [alert(12, closed=13), alert(31, "other", closed=32)]
    assert recalled("broken", [RUNG], alerts, broken) == (3, 1, 2)


def test_what_must_not_ring_is_rung_by_alerts_that_are_not_right_otherwise() -> None:
    kept = truth("kept", 10, 20, "silence")
    assert spared("kept", [RUNG], [alert(12)], [kept])[:3] == (1, 1, 1)
    assert spared("kept", [RUNG], [alert(12)], [kept, truth("broken", 11, 13)])[:3] == (1, 0, 0)
    assert spared("kept", [RUNG], [alert(12, "other")], [kept])[:3] == (1, 0, 0)
    assert spared("kept", [RUNG], [alert(21)], [kept])[:3] == (1, 0, 0)


def test_every_alert_that_a_rule_raises_is_of_a_kind() -> None:
    raised = set(load_rules(ROOT / "rules").by_cause)
    assert raised <= {cause for kind in kinds() for cause in kind.causes}


def test_kinds_name_truths_that_the_simulation_makes_and_leave_none_out() -> None:
    made = {truth.kind for truth in simulate_with_truth(7, START, 1_500, days=56.0)[1]}
    named = {name for kind in kinds() for name in (*kind.finds, *kind.also, *kind.spares)}
    # A chat that recovers may ring or not.
    assert named == made - {"chat_recovers"}


@cache
def played() -> Played:
    return play(3, START, 150, 28.0, load_engine("fast"))


def test_a_company_is_played_through_the_rules_to_the_same_alerts_each_time() -> None:
    assert play(3, START, 150, 28.0, load_engine("fast")) == played()
    found = {kind.name: score(kind, kinds(), played().alerts, played().truths) for kind in kinds()}
    assert found["outage"].found == found["outage"].wanted > 5
    assert found["dissatisfied score"].right == found["dissatisfied score"].alerts > 20


def test_the_page_has_a_row_for_each_kind_and_each_truth() -> None:
    text = page(played(), kinds(), 28.0, "Seed 3")
    assert "Seed 3: " in text
    for part in text.split("\n\n"):
        widths = {line.count(" | ") for line in part.splitlines() if line.startswith("| ")}
        assert len(widths) <= 1
    for kind in kinds():
        assert f"| {kind.name} |" in text
    for one in played().truths:
        if one.expects != "either":
            assert f"| {one.kind.replace('_', ' ')} |" in text


def test_the_page_of_the_documentation_is_about_the_kinds_that_there_are() -> None:
    text = (ROOT / "docs" / "detection.md").read_text("utf-8")
    for kind in kinds():
        causes = ", ".join(f"`{cause}`" for cause in kind.causes)
        assert f"| {kind.name} | {causes} |" in text


def test_the_command_prints_the_page_and_writes_it_only_if_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Typer()
    app.command()(command.main)
    monkeypatch.setattr(command, "play", lambda *_: played())
    before = (ROOT / "docs" / "detection.md").read_text("utf-8")
    ran = CliRunner().invoke(app, ["--weeks", "4"], env={"COLUMNS": "200"})
    assert ran.exit_code == 0, ran.output
    assert "order late" in ran.output
    assert (ROOT / "docs" / "detection.md").read_text("utf-8") == before
