"""A rule that fails on an event fails alone."""

from pathlib import Path

import pytest

from pipeline.config.groups import DetectSettings
from pipeline.detection import compiled, rule
from pipeline.detection.customer import Arrival, apply, state_digest
from pipeline.detection.rules import RuleError, load_rules
from tests.support.rule_folders import fired, folder_of, loops, message


@pytest.fixture
def without_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let conditions pass that CEL gives up on, as one would that the bound does not foresee."""
    monkeypatch.setattr(compiled, "STEPS", 10**9)
    monkeypatch.setattr(rule, "STEPS", 10**9)


@pytest.mark.usefixtures("without_a_bound")
def test_a_rule_that_fails_on_its_own_fixtures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"poison\.yaml:4: .* own fixtures: .*budget exceeded"):
        load_rules(folder_of(tmp_path, poison=loops(5)))


POISON = f'event.has_text && (event.brand != "x" || {loops(5)})'


@pytest.mark.usefixtures("without_a_bound")
def test_a_rule_that_fails_on_an_event_does_not_hold_there_and_is_named(tmp_path: Path) -> None:
    rules = load_rules(folder_of(tmp_path, a_good="event.has_text", poison=POISON, z="true"))
    assert fired(rules, message("e1")) == {"a_good", "poison", "z"}
    assert rules.failed == {}
    for number in range(3):
        assert fired(rules, message(f"x{number}", brand="x")) == {"a_good", "z"}
    assert rules.failed.keys() == {"poison"}
    assert "budget" in rules.failed["poison"]
    assert fired(rules, message("e2")) == {"a_good", "poison", "z"}


@pytest.mark.usefixtures("without_a_bound")
def test_what_failed_before_changes_nothing_of_a_replay(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, good="event.has_text", poison=POISON)
    arrivals = [Arrival(message(f"e{n}", brand="x" if n % 3 == 1 else "y"), 0, n) for n in range(9)]
    whole = load_rules(folder)
    state, at_once = apply(None, arrivals, whole, DetectSettings())
    one_by_one, alerts = None, []
    for arrival in arrivals:
        fresh = load_rules(folder)  # another worker, which knows of no failure
        one_by_one, some = apply(one_by_one, [arrival], fresh, DetectSettings())
        alerts += some
    assert one_by_one
    assert state_digest(one_by_one) == state_digest(state)
    assert alerts == at_once
