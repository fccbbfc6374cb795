"""The KPIs of a store counted again, in plain Python."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pytest

from pipeline.kpi.definitions import Dimension, KpiValue
from pipeline.model.reading import Scored
from pipeline.store import Store
from tests.contract.stored import LATER, NOTES, WINDOW

DIMENSIONS: tuple[Dimension, ...] = ("channel", "touchpoint", "segment", "brand", "source")


def truth(events: Iterable[Scored]) -> list[Scored]:
    """The events as they are in the end: the highest revision of each."""
    last: dict[str, Scored] = {}
    for one in sorted(events, key=lambda one: one.event.revision):
        last[one.event.event_id] = one
    return list(last.values())


def expected(events: Sequence[Scored], by: Sequence[Dimension]) -> dict[object, dict[str, float]]:
    """Count again, in plain Python and without looking at how the store does it."""
    slices: dict[object, list[Scored]] = {}
    for one in filter(lambda one: one.counted, truth(events)):
        key = tuple(getattr(one.event, name) or "" for name in by)
        slices.setdefault(key, []).append(one)
    return {key: _expected_of(found) for key, found in slices.items()}


def _expected_of(found: Sequence[Scored]) -> dict[str, float]:
    answers: dict[str, list[float]] = {"nps": [], "csat": [], "ces": []}
    for one in found:
        if one.event.score:
            answers[one.event.score.metric].append(one.event.score.value)
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


def check(store: Store, events: Sequence[Scored], by: Sequence[Dimension] = DIMENSIONS) -> None:
    """What is read is what a count of the true events gives, slice by slice."""
    found = by_slice(store.kpis(WINDOW, by, as_of=LATER), by)
    wanted = expected(events, by)
    assert set(found) == set(wanted)
    for key, values in wanted.items():
        for kpi, value in values.items():
            assert found[key][kpi] == pytest.approx(value), (key, kpi)
    assert store.counts()["events"] == len(truth(events))
