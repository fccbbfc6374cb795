"""What happens to a thing again counts again; what is told of it again does not."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from pipeline.connectors.mapping import Mapping
from pipeline.connectors.setup.book import FIXTURE_TIME, read_fixture
from pipeline.connectors.trial import tried

FOLDER = Path(__file__).parents[3] / "connectors"


def ids(system: str, name: str, later: timedelta = timedelta()) -> set[str]:
    """Return the ids of the events of a fixture, delivered so much later than it says."""
    fixture = read_fixture(FOLDER / system / "fixtures" / f"{name}.json")
    came = (fixture.received_at or FIXTURE_TIME) + later
    file = FOLDER / system / "mapping.yaml"
    delivered = msgspec.structs.replace(fixture, received_at=came)
    trial = tried(delivered, Mapping(file, file.read_bytes()), FIXTURE_TIME)
    return {event["event_id"] for event in trial.events}


@pytest.mark.parametrize(
    ("system", "first", "then"),
    [
        ("statuspage", "started", "opened_again"),
        ("statuspage", "ended", "ended_again"),
        ("pagerduty", "triggered", "reopened"),
        ("freshdesk", "template_resolved_at_no_time", "template_resolved_at_its_change"),
    ],
)
def test_a_step_that_happens_again_is_another_event(system: str, first: str, then: str) -> None:
    assert not ids(system, first) & ids(system, then)


@pytest.mark.parametrize(
    ("system", "first", "then"),
    [
        ("statuspage", "opened_again", "opened_again"),
        ("statuspage", "opened_again", "opened_again_goes_on"),
        ("statuspage", "ended_again", "ended_again"),
        ("pagerduty", "resolved", "resolved"),
        ("freshdesk", "template_resolved_at_its_change", "template_resolved_at_its_change"),
    ],
)
def test_a_step_that_is_told_again_later_is_the_same_event(
    system: str, first: str, then: str
) -> None:
    assert ids(system, first) == ids(system, then, timedelta(hours=2))


def test_without_a_time_the_minute_of_arrival_tells_a_step_from_the_next() -> None:
    system, name = "freshdesk", "template_resolved_at_no_time"
    assert ids(system, name) == ids(system, name, timedelta(seconds=20))
    assert not ids(system, name) & ids(system, name, timedelta(minutes=20))
