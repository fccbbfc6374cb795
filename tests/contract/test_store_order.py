"""Any order, repetition, lateness and batching of the same events leads to the same answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.model.reading import Reading, Scored
from pipeline.store import Backend, Store
from pipeline.store.backend import Parameter, Row
from pipeline.store.sql import query
from tests.contract.answers import answers
from tests.contract.stored import reading, scored

TABLES = ("events", "known_events", "timelines", "kpi_minutes")

MINUTE_AND_MORE = st.sampled_from([0.0, 30.5, 59.999999, 60.0, 61.0, 3_600.0, 86_400.0 * 2])
LABEL = st.sampled_from(["negative", "neutral", "positive"])
TYPES = st.sampled_from(
    ["message", "call", "ticket.opened", "ticket.replied", "ticket.resolved", "complaint"]
)


@st.composite
def revised_events(draw: st.DrawFn) -> list[Scored]:
    """Events of up to six ids in up to three revisions, which may differ in everything else."""
    revisions = draw(
        st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3), min_size=1, max_size=6)
    )
    return [
        scored(
            event_id,
            at=draw(MINUTE_AND_MORE),
            label=draw(st.sampled_from([None, "negative", "positive"])),
            revision=revision,
            customer_id=draw(st.sampled_from(["c1", "c2"])),
            channel=draw(st.sampled_from(["app", "web"])),
            type=draw(TYPES),
            ticket_id=draw(st.sampled_from([None, "t1"])),
            counted=draw(st.booleans()),
        )
        for event_id, count in revisions.items()
        for revision in range(count)
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Scored], list[list[Scored]]]:
    """Events, and the same ones in batches: each at least once, in any order."""
    events = draw(revised_events())
    again = draw(st.lists(st.sampled_from(events), max_size=5))
    shuffled = draw(st.permutations(events + again))
    cuts = sorted(draw(st.sets(st.integers(1, len(shuffled)), max_size=4)))
    borders = [0, *cuts, len(shuffled)]
    batches = [shuffled[a:b] for a, b in pairwise(borders)]
    late = timedelta(seconds=draw(st.integers(0, 86_400)))
    return events, [[_received_later(one, late) for one in batch] for batch in batches]


def _received_later(one: Scored, by: timedelta) -> Scored:
    return msgspec.structs.replace(one, received_at=one.received_at + by)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deliveries())
def test_the_answers_do_not_depend_on_how_events_arrive(
    backend: Backend, delivered: tuple[list[Scored], list[list[Scored]]]
) -> None:
    events, batches = delivered
    assert _without_arrival(_left_by(backend, batches)) == _without_arrival(
        _left_by(backend, [events])
    )


def _left_by(backend: Backend, batches: Iterable[Sequence[Scored]]) -> dict[str, Any]:
    """What an empty store answers after these batches."""
    store = Store(backend)
    store.migrate()
    for table in TABLES:
        backend.execute(f"TRUNCATE TABLE {table}")
    for batch in batches:
        store.write_events(batch)
    return answers(backend)


def _without_arrival(found: dict[str, Any]) -> dict[str, Any]:
    timelines = {
        customer: [one.event for one in events] for customer, events in found["timelines"].items()
    }
    return {**found, "timelines": timelines}


@st.composite
def two_readings(draw: st.DrawFn) -> tuple[list[Scored], list[list[Scored]]]:
    """Events as they are read with patience, and batches in which some come read in haste, too."""
    events = [
        scored(event_id, at=draw(st.sampled_from([0.0, 59.9, 60.0])), label=label)
        for event_id, label in draw(st.dictionaries(st.sampled_from("abc"), LABEL)).items()
    ]
    careful = [replace(one, reading=replace(_read(one), hurried=False)) for one in events]
    hurried = [
        replace(one, reading=reading(draw(LABEL)))
        for one in (draw(st.lists(st.sampled_from(events), max_size=6)) if events else ())
    ]
    arriving = draw(st.permutations([*careful, *hurried]))
    size = draw(st.integers(1, 4))
    return careful, [arriving[at : at + size] for at in range(0, len(arriving), size)]


def _read(one: Scored) -> Reading:
    assert one.reading
    return one.reading


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(two_readings())
def test_what_was_read_in_haste_leaves_no_trace_once_it_is_read_with_patience(
    backend: Backend, delivered: tuple[list[Scored], list[list[Scored]]]
) -> None:
    careful, batches = delivered
    assert _left_by(backend, batches) == _left_by(backend, [careful])


class Overtaken:
    """A connection of a worker that stands still once, when it knows how far minutes have come."""

    def __init__(self, backend: Backend, meanwhile: Callable[[], object]) -> None:
        self._backend, self._meanwhile = backend, [meanwhile]

    def execute(self, sql: str, parameters: Mapping[str, Parameter] | None = None) -> list[Row]:
        answer = self._backend.execute(sql, parameters)
        if sql == query("minute_versions") and self._meanwhile:
            self._meanwhile.pop()()
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


def test_a_worker_that_is_overtaken_leaves_the_minute_as_the_other_counted_it(
    backend: Backend,
) -> None:
    other = Store(backend)
    other.migrate()
    overtaken = Overtaken(backend, lambda: other.write_events([scored("b"), scored("c")]))
    Store(overtaken).write_events([scored("a")])
    assert backend.execute("SELECT sum(events) FROM kpi_minutes FINAL") == [(3,)]
