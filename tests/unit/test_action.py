"""What an action must have."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from pipeline.model.action import Action, problem_of
from tests.support.follow_ups import at, did, resolved


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (did("assign", 1), "assignee"),
        (did("snooze", 1), "until"),
        (did("snooze", 5, until=at(5)), "later"),
        (did("resolve", 1), "outcome"),
        (did("undo", 1), "undoes"),
        (did("assign", 1, assignee="x" * 129), "assignee"),
        (did("assign", 1, assignee="ayşe\nkaya"), "assignee"),
        (did("assign", 1, assignee="ay\u202eşe"), "assignee"),
        (did("undo", 1, undoes="../../x"), "undoes"),
        (replace(did("acknowledge", 1), action_id="x" * 129), "action_id"),
        (replace(did("acknowledge", 1), action_id=""), "action_id"),
        (replace(did("acknowledge", 1), by="a" * 1_000_000), "by"),
        (replace(did("note", 1), note="a" * 2_001), "note"),
        (replace(did("acknowledge", 1), at=datetime(2026, 3, 1)), "offset"),
        (did("snooze", 1, until=datetime.max.replace(tzinfo=UTC)), "years"),  # "for ever"
        (replace(did("acknowledge", 1), at=datetime.min.replace(tzinfo=UTC)), "years"),
    ],
)
def test_an_action_that_lacks_something_is_told_what(action: Action, reason: str) -> None:
    assert reason in (problem_of(action) or "")


def test_an_action_that_has_what_it_needs_is_in_order() -> None:
    assert problem_of(resolved(1)) is None
    assert problem_of(did("assign", 1, assignee="Ayşe Kaya")) is None
    assert problem_of(did("snooze", 1, until=at(5))) is None
