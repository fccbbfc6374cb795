"""The pure functions stay as cheap as they are; what is accepted is in benchmarks/cost.json."""

import pytest

from benchmarks.cost import Cost, Work, accepted, cost, works


@pytest.fixture(scope="module")
def measured() -> dict[str, Work]:
    return works()


@pytest.mark.parametrize("name", accepted())
def test_an_event_costs_no_more_than_accepted(name: str, measured: dict[str, Work]) -> None:
    found = cost(measured[name])
    assert not found.over(accepted()[name]), f"{found}; to accept: python -m benchmarks.cost"


@pytest.mark.parametrize("name", accepted())
def test_half_as_dear_again_is_seen(name: str, measured: dict[str, Work]) -> None:
    def three_times_where_two_are_accepted() -> None:
        for _ in range(3):
            measured[name]()

    found = cost(three_times_where_two_are_accepted)
    here = cost(measured[name])  # Pythons differ in what they count of a comprehension
    assert Cost(found.calls / 2, found.lines / 2).over(here) == ["calls", "lines"]


def test_a_loop_that_calls_nothing_is_seen(measured: dict[str, Work]) -> None:
    name = "columns of the store"

    def with_a_loop() -> None:
        measured[name]()
        for _ in range(100_000):
            pass

    assert cost(with_a_loop).over(accepted()[name]) == ["lines"]
