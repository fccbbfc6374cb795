"""Reads the KPIs of a window: queries the facts, then applies the definitions to each slice."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from pipeline.calendar.calendar import Calendars
from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.kpi import journeys
from pipeline.kpi.definitions import (
    DIMENSIONS,
    NEXT_SCORE_WAIT,
    SAME_TOPIC_WAIT,
    Dimension,
    Facts,
    KpiValue,
    Window,
    kpi_values,
)
from pipeline.kpi.formulas import Spread
from pipeline.kpi.steps import Period, Slice, Step
from pipeline.model.contact import Pauses
from pipeline.model.event import BAD, Metric
from pipeline.store.backend import Backend, Parameter
from pipeline.store.cut import Cut
from pipeline.store.sql import answer_names, answers, count_names, query

LOOK_BACK = timedelta(days=30)
"""How far before the window tickets that extend into it are searched."""

_MINUTE = 60_000_000
_CUSTOMER_COUNTS = ("active_customers", "negative_customers")


def read_kpis(
    backend: Backend,
    window: Window,
    by: Sequence[Dimension],
    as_of: datetime,
    pauses: Pauses,
    calendars: Calendars,
) -> list[KpiValue]:
    """Return every KPI of every slice; see `Store.kpis`."""
    unknown = [name for name in by if name not in DIMENSIONS]
    if unknown:
        raise ValueError(f"no such dimension: {', '.join(unknown)}; there are {DIMENSIONS}")
    if window.end < window.start:
        raise ValueError(f"the window ends ({window.end}) before it starts ({window.start})")
    by = tuple(dict.fromkeys(by))
    end = min(window.end, as_of + timedelta(microseconds=1))
    facts: dict[Slice, Facts] = {} if by else {(): Facts()}
    if end > window.start:
        seen = Window(window.start, end)
        cut = Cut(by, _names(backend, seen, by))
        _add_counts(facts, backend, seen, cut)
        _add_customers(facts, backend, seen, cut, calendars)
        _add_journeys(facts, backend, seen, cut, as_of, pauses, calendars)
        _add_cases(facts, backend, seen, cut, as_of)
    return [
        value
        for key in sorted(facts)
        for value in kpi_values(facts[key], dict(zip(by, key, strict=True)), window, as_of)
    ]


def _names(
    backend: Backend, window: Window, by: Sequence[Dimension]
) -> Iterator[tuple[Slice, int]]:
    """Yield the names of slices in the window's minutes, with their numbers of events."""
    if by:
        asked = query("window_names").format(by=", ".join(by))
        for *names, events in backend.execute(asked, _bounds(window)):
            yield tuple(names), events


def _add_counts(facts: dict[Slice, Facts], backend: Backend, window: Window, cut: Cut) -> None:
    parameters = {
        **_bounds(window),
        **cut.parameters,
        "whole_from": _within_range(-(-to_micros(window.start) // _MINUTE) * 60),
        "whole_to": _within_range(to_micros(window.end) // _MINUTE * 60),
    }
    for row in backend.execute(_sliced("window_counts", cut), parameters):
        of_slice = _of(facts, row[: len(cut.by)])
        of_slice.counts.update(zip(count_names(), row[-len(count_names()) :], strict=True))


def _add_customers(
    facts: dict[Slice, Facts], backend: Backend, window: Window, cut: Cut, calendars: Calendars
) -> None:
    zone = calendars.house.zone.key
    parameters = {**_bounds(window), **cut.parameters, "time_zone": zone}
    for row in backend.execute(_sliced("window_customers", cut), parameters):
        of_slice = _of(facts, row[: len(cut.by)])
        numbers = iter(row[max(len(cut.by), 1) :])
        for name in (*_CUSTOMER_COUNTS, *answer_names()):
            of_slice.counts[name] = next(numbers)
        for definition in answers():
            of_slice.spreads[definition.name] = Spread(*islice(numbers, len(Spread._fields)))


def _add_journeys(
    facts: dict[Slice, Facts],
    backend: Backend,
    window: Window,
    cut: Cut,
    as_of: datetime,
    pauses: Pauses,
    calendars: Calendars,
) -> None:
    before = max(journeys.SESSION_GAP, timedelta(microseconds=pauses.longest))
    until = min(as_of, window.end + SAME_TOPIC_WAIT)
    found = backend.execute(
        query("journeys"),
        {
            **_bounds(window),
            "around_from": _minute(window.start - before),
            "around_to": _minute(until),
            "since": _minute(window.start - LOOK_BACK),
            "until": _minute(as_of),
            "as_of": to_micros(as_of),
        },
    )
    steps = [
        Step(
            to_datetime(at),
            customer,
            ticket,
            type_,
            author,
            bool(note),
            bool(handoff),
            bool(thanks),
            tuple(slice_),
        )
        for at, customer, ticket, type_, author, note, handoff, thanks, *slice_ in found
    ]
    period = Period(window.start, window.end, as_of)
    for fact in journeys.journey_facts(steps, period, pauses, calendars):
        of_slice = _of(facts, cut.of(fact.slice))
        if fact.minutes is None:
            of_slice.add(fact.name, fact.customer_id)
        else:
            of_slice.took(fact.name, fact.minutes, running=fact.running)


def _add_cases(
    facts: dict[Slice, Facts],
    backend: Backend,
    window: Window,
    cut: Cut,
    as_of: datetime,
) -> None:
    if {"touchpoint", "source"} & {*cut.by}:
        return  # not known of an alert: its case is in no slice
    start, end = to_micros(window.start), to_micros(window.end)
    rows = backend.execute(query("window_cases"), _bounds(window))
    anybody = any(start <= contacted < end for _, _, _, contacted, *_ in rows)
    scores = _scores_after(backend, window, as_of) if anybody else {}
    for customer, opened, acknowledged, contacted, due, ended, how, *slice_ in rows:
        of_slice = _of(facts, cut.of(slice_))
        if start <= due < end:
            of_slice.add("contacts_due", customer)
            of_slice.add("contacted_in_time", customer, contacted != 0 and contacted <= due)
        if start <= acknowledged < end:
            of_slice.took("time_to_acknowledge", (acknowledged - opened) / _MINUTE)
        if start <= contacted < end:
            of_slice.took("time_to_contact", (contacted - opened) / _MINUTE)
            of_slice.add("contacted", customer)
            of_slice.add("rescued", customer, _is_rescued(contacted, scores.get(customer, ())))
        if start <= ended < end and how != "withdrawn":
            of_slice.add("cases_ended", customer)
            of_slice.add("nobody_came", customer, how == "nobody_came")


def _scores_after(
    backend: Backend, window: Window, as_of: datetime
) -> dict[str, list[tuple[int, float]]]:
    """Return time and value of the 0-10 scores of customers contacted in the window."""
    last = _minute(min(window.end + NEXT_SCORE_WAIT, as_of))
    found: dict[str, list[tuple[int, float]]] = {}
    for customer, at, score in backend.execute(
        query("scores_after"), {**_bounds(window), "last": last, "as_of": to_micros(as_of)}
    ):
        found.setdefault(customer, []).append((at, score))
    return found


def _is_rescued(contacted: int, scores: Sequence[tuple[int, float]]) -> bool:
    """Return whether the first timely score after the contact is not bad."""
    until = contacted + NEXT_SCORE_WAIT // timedelta(microseconds=1)
    return next(
        (not BAD[Metric.NPS].holds(score) for at, score in scores if contacted < at <= until), False
    )


def _of(facts: dict[Slice, Facts], key: Slice) -> Facts:
    return facts.setdefault(tuple(key), Facts())


def _sliced(name: str, cut: Cut) -> str:
    """Return the query with its grouping."""
    return query(name).format(by=cut.columns, of=cut.names, keys=cut.keys)


def _bounds(window: Window) -> dict[str, Parameter]:
    """Return the window in microseconds, and its minutes in epoch seconds."""
    return {
        "start": to_micros(window.start),
        "end": to_micros(window.end),
        "first": _minute(window.start),
        "last": _minute(window.end),
    }


def _minute(moment: datetime) -> int:
    """Return the epoch seconds of the minute, as stored."""
    return _within_range(to_micros(moment) // _MINUTE * 60)


def _within_range(seconds: int) -> int:
    """Clamp epoch seconds to the range of DateTime, 1970 to 2106."""
    return max(0, min(seconds, 2**32 - 1))
