"""The KPIs of a store counted again, in plain Python."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pytest

from pipeline.calendar.calendar import AROUND_THE_CLOCK
from pipeline.common.names import folded
from pipeline.kpi.definitions import Dimension, KpiValue
from pipeline.model.event import Event
from pipeline.model.reading import Scored
from pipeline.store import Store
from pipeline.store.supported import unsupported
from tests.contract.stored import LATER, NOTES, WINDOW

IN_MINUTES = {
    "events": "sum(events)",
    "texts": "sum(texts)",
    "complaints": "sum(complaints)",
    "net_sentiment": "if(sum(texts) = 0, NULL, 100 * (sum(positive) - sum(negative)) / sum(texts))",
}
"""KPIs that KPI minutes alone give, on any engine."""
DIMENSIONS: tuple[Dimension, ...] = ("channel", "touchpoint", "segment", "brand", "source")


def truth(events: Iterable[Scored]) -> list[Scored]:
    """The events as they are in the end: the highest revision of each."""
    last: dict[str, Scored] = {}
    for one in sorted(events, key=lambda one: one.event.revision):
        last[one.event.event_id] = one
    return list(last.values())


def answered(events: Iterable[Scored]) -> list[Event]:
    """The answers that count: of one customer on one occasion the last of each metric."""
    last: dict[object, Event] = {}
    for one in sorted(events, key=lambda one: (one.event.occurred_at, one.event.event_id)):
        event = one.event
        if event.score:
            day = event.occurred_at.astimezone(AROUND_THE_CLOCK.house.zone).date()
            on_touchpoint = event.touchpoint and (day, folded(event.touchpoint))
            occasion = event.ticket_id or event.order_id or on_touchpoint or event.event_id
            last[event.customer_id, occasion, event.score.metric] = event
    return list(last.values())


def expected(events: Sequence[Scored], by: Sequence[Dimension]) -> dict[object, dict[str, float]]:
    """Count again, in plain Python and without looking at how the store does it."""
    slices: dict[object, list[Scored]] = {}
    answers: dict[object, list[Event]] = {}
    counted = [one for one in truth(events) if one.counted]
    for one in counted:
        slices.setdefault(_slice(one.event, by), []).append(one)
    for event in answered(counted):
        answers.setdefault(_slice(event, by), []).append(event)
    return {key: _expected_of(found, answers.get(key, [])) for key, found in slices.items()}


def _slice(event: Event, by: Sequence[Dimension]) -> tuple[str, ...]:
    return tuple(getattr(event, name) or "" for name in by)


def _expected_of(found: Sequence[Scored], answering: Sequence[Event]) -> dict[str, float]:
    answers: dict[str, list[float]] = {"nps": [], "csat": [], "ces": []}
    for event in answering:
        answers[event.score.metric].append(event.score.value)
    types = Counter(one.event.type for one in found)
    labels = Counter(
        one.reading.label for one in found if one.reading and one.event.author_type == "customer"
    )
    values = {
        "events": len(found),
        "texts": labels.total(),
        "complaints": types["complaint"],
        "active_customers": len(
            {one.event.customer_id for one in found if one.event.type not in NOTES}
        ),
        "net_sentiment": _percent(labels["positive"] - labels["negative"], labels.total()),
        "csat": _percent(sum(a >= 4 for a in answers["csat"]), len(answers["csat"])),
        "ces": _percent(sum(a >= 5 for a in answers["ces"]), len(answers["ces"])),
        "csat_mean": _percent(sum(answers["csat"]) / 100, len(answers["csat"])),
    }
    n = len(answers["nps"])
    points = sum((a >= 9) - (a < 7) for a in answers["nps"])
    values["nps"] = (
        None if n == 0 else (abs(200 * points) + n) // (2 * n) * (1 if points >= 0 else -1)
    )
    return values


def _percent(part: float, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def by_slice(values: Iterable[KpiValue], by: Sequence[Dimension]) -> dict[object, dict[str, float]]:
    found: dict[object, dict[str, float]] = {}
    for value in values:
        found.setdefault(tuple(value.slice[name] for name in by), {})[value.kpi] = value.value
    return found


def in_minutes(store: Store, by: Sequence[Dimension]) -> dict[object, dict[str, float]]:
    """What the KPI minutes hold of each slice."""
    chosen = ", ".join(by) or "''"
    counts = ", ".join(IN_MINUTES.values())
    rows = store._backend.execute(
        f"SELECT {chosen}, {counts} FROM kpi_minutes FINAL GROUP BY {chosen} HAVING sum(events) > 0"
    )
    return {
        tuple(row[: len(by)]): dict(zip(IN_MINUTES, row[-len(IN_MINUTES) :], strict=True))
        for row in rows
    }


def check(store: Store, events: Sequence[Scored], by: Sequence[Dimension] = DIMENSIONS) -> None:
    """What is counted and read is what a count of the true events gives, slice by slice."""
    wanted = expected(events, by)
    minutes = {key: {name: values[name] for name in IN_MINUTES} for key, values in wanted.items()}
    agree(in_minutes(store, by), minutes)
    if not unsupported(store.ping()):
        agree(by_slice(store.kpis(WINDOW, by, as_of=LATER), by), wanted)
    assert store.counts()["events"] == len(truth(events))


def agree(found: dict[object, dict[str, float]], wanted: dict[object, dict[str, float]]) -> None:
    """Of each slice, what is wanted was found."""
    assert set(found) == set(wanted)
    for key, values in wanted.items():
        for kpi, value in values.items():
            assert found[key][kpi] == pytest.approx(value), (key, kpi)
