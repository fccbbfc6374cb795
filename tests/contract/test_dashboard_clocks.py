"""First responses in the dashboards' SQL and in pipeline.kpi.journeys: two ways, one answer."""

from random import Random

import pytest

from pipeline.model.reading import Scored
from pipeline.store import Store
from tests.contract.stored import LATER, WINDOW, scored
from tests.support.dashboards import statement

STEPS = (
    {"type": "ticket.opened"},
    {"type": "complaint"},
    {"type": "ticket.reopened"},
    {"type": "ticket.resolved", "author_type": "agent"},
    {"type": "ticket.replied", "author_type": "agent"},
    {"type": "ticket.replied", "author_type": "agent", "attributes": {"internal": True}},
    {"type": "ticket.replied", "author_type": "bot"},
    {"type": "ticket.replied", "author_type": "bot", "attributes": {"handoff": True}},
)


def tickets(rng: Random, count: int) -> list[Scored]:
    """Make up tickets of any steps in any order, a new one every ten minutes at most."""
    return [
        scored(
            f"e{number}-{moment}",
            at=moment * 600,
            ticket_id=f"t{number}",
            customer_id=f"c{number % 7}",
            **rng.choice(STEPS),
        )
        for number in range(count)
        for moment in rng.sample(range(20), rng.randrange(1, 9))
    ]


@pytest.mark.parametrize("seed", range(2))
def test_any_ticket_waits_as_long_in_both(recent_store: Store, seed: int) -> None:
    recent_store.write_events(tickets(Random(seed), 60))
    kpis = {value.kpi: value for value in recent_store.kpis(WINDOW, [], LATER)}
    ((value, note, _),) = statement("now", "First response, median").asked(
        recent_store._backend, WINDOW, {"enough": ["1"]}
    )
    assert value == pytest.approx(kpis["first_response_median"].value)
    assert f"n {kpis['first_response_median'].n} " in note
