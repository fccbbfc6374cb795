"""KPIs: what each counts, and the values as they are read.

A value is never shown without its n; shares are in percent, waiting times in minutes.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from pipeline.kpi.estimates import Estimate, balance, count, nps, quantile, share

Dimension = Literal["channel", "touchpoint", "segment", "brand", "source"]
DIMENSIONS: tuple[Dimension, ...] = ("channel", "touchpoint", "segment", "brand", "source")


class Window(msgspec.Struct, frozen=True):
    """Event time `[start, end)`, both aware."""

    start: datetime
    end: datetime


class KpiValue(msgspec.Struct, frozen=True):
    """One KPI of one slice; `value` is None where nothing was answered.

    `slice` is {} for the whole, else {dimension: value}. `provisional`: the window, or the
    waiting time that the definition asks for, had not ended at the time of reading.
    """

    kpi: str
    slice: dict[str, str]
    value: float | None
    n: int
    ci_low: float | None
    ci_high: float | None
    window_start: datetime
    window_end: datetime
    definition_version: str
    provisional: bool = False


class Facts(msgspec.Struct):
    """What KPIs of one slice are formed from: how often, and how many minutes each time."""

    counts: dict[str, int] = msgspec.field(default_factory=dict)
    minutes: dict[str, list[float]] = msgspec.field(default_factory=dict)

    def count(self, name: str) -> int:
        """How often it happened; 0 where it never did."""
        return self.counts.get(name, 0)

    def add(self, name: str, times: int = 1) -> None:
        """Count what happened."""
        self.counts[name] = self.count(name) + times

    def took(self, name: str, minutes: float) -> None:
        """Note how long it took once."""
        self.minutes.setdefault(name, []).append(minutes)


class Definition(msgspec.Struct, frozen=True):
    """A KPI: `estimate` forms it from facts; `wait` is how long after the window it can change."""

    name: str
    unit: Literal["points", "percent", "mean", "count", "minutes"]
    counts: str
    estimate: Callable[[Facts], Estimate]
    wait: timedelta = timedelta(0)
    version: str = "1"


def _nps(facts: Facts) -> Estimate:
    return nps(facts.count("promoters"), facts.count("detractors"), facts.count("nps_answers"))


def _net_sentiment(facts: Facts) -> Estimate:
    return balance(facts.count("positive"), facts.count("negative"), facts.count("texts"))


def _csat_mean(facts: Facts) -> Estimate:
    n = facts.count("csat_answers")
    return Estimate(facts.count("csat_thousandths") / 1000 / n if n else None, n)


def _share(part: str, whole: str) -> Callable[[Facts], Estimate]:
    return lambda facts: share(facts.count(part), facts.count(whole))


def _count(name: str) -> Callable[[Facts], Estimate]:
    return lambda facts: count(facts.count(name))


def _quantile(name: str, q: float) -> Callable[[Facts], Estimate]:
    return lambda facts: quantile(facts.minutes.get(name, ()), q)


SELF_SERVICE_WAIT = timedelta(hours=24)
"""Help from a person within this time of a solution by oneself: it was none."""

SAME_TOPIC_WAIT = timedelta(days=7)
"""A contact on the same topic within this time of a resolution: it was none."""

NEXT_SCORE_WAIT = timedelta(days=30)
"""How long the next score of a customer who was contacted is waited for."""

RESCUED = 7
"""The least score on 0-10 of a customer who was won back."""

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "nps", "points", "promoters (9-10) less detractors (below 7), of answers on 0-10", _nps
    ),
    Definition(
        "csat",
        "percent",
        "answers 4-5, of answers on 1-5",
        _share("csat_satisfied", "csat_answers"),
    ),
    Definition("csat_mean", "mean", "mean of the answers on 1-5", _csat_mean),
    Definition(
        "ces", "percent", "answers 5-7, of answers on 1-7", _share("ces_easy", "ces_answers")
    ),
    Definition(
        "net_sentiment", "points", "positive less negative, of texts by customers", _net_sentiment
    ),
    Definition("events", "count", "events", _count("events")),
    Definition("texts", "count", "texts by customers", _count("texts")),
    Definition("active_customers", "count", "customers with an event", _count("active_customers")),
    Definition("complaints", "count", "complaints", _count("complaints")),
    Definition(
        "negative_customers",
        "percent",
        "active customers who had an open alert, of active customers",
        _share("negative_customers", "active_customers"),
    ),
    Definition(
        "complaint_rate", "percent", "complaints per orders placed", _share("complaints", "orders")
    ),
    Definition("return_rate", "percent", "returns per orders placed", _share("returns", "orders")),
    Definition(
        "avoidable_calls",
        "percent",
        "customers' calls that ask for a status, of those whose words are known",
        _share("avoidable_calls", "calls"),
    ),
    Definition(
        "self_service_rate",
        "percent",
        "sessions solved without a contact within 24 hours, of self-service sessions",
        _share("self_service_solved", "self_service_sessions"),
        wait=SELF_SERVICE_WAIT,
        version="2",
    ),
    Definition(
        "first_response_median",
        "minutes",
        "opened, reopened or handed over by a bot to the first public reply by a person",
        _quantile("first_response", 0.5),
        version="2",
    ),
    Definition(
        "first_response_p90",
        "minutes",
        "as first_response_median; nine of ten are shorter",
        _quantile("first_response", 0.9),
        version="2",
    ),
    Definition(
        "first_response_business_median",
        "minutes",
        "as first_response_median, in business hours",
        _quantile("first_response_business", 0.5),
        version="2",
    ),
    Definition(
        "first_response_business_p90",
        "minutes",
        "as first_response_p90, in business hours",
        _quantile("first_response_business", 0.9),
        version="2",
    ),
    Definition(
        "first_response_open",
        "count",
        "waiting for a first reply",
        _count("first_response_open"),
        version="2",
    ),
    Definition(
        "resolution_first_median",
        "minutes",
        "opened to resolved for the first time",
        _quantile("resolution_first", 0.5),
    ),
    Definition(
        "resolution_full_median",
        "minutes",
        "opened to resolved for good (not reopened so far)",
        _quantile("resolution_full", 0.5),
    ),
    Definition("resolution_open", "count", "tickets not resolved", _count("resolution_open")),
    Definition(
        "first_contact_resolution",
        "percent",
        "tickets resolved without a contact on the same topic within 7 days, of resolved",
        _share("resolved_at_once", "resolved"),
        wait=SAME_TOPIC_WAIT,
        version="2",
    ),
    Definition(
        "loop_closure",
        "percent",
        "alerts whose customer was contacted within the SLA, of those for which that was due",
        _share("contacted_in_time", "contacts_due"),
    ),
    Definition(
        "rescue_rate",
        "percent",
        "alerts whose customer's next score on 0-10 within 30 days is 7 or more, of contacted",
        _share("rescued", "contacted"),
        wait=NEXT_SCORE_WAIT,
    ),
    Definition(
        "time_to_acknowledge_median",
        "minutes",
        "an alert opened to somebody having taken it on",
        _quantile("time_to_acknowledge", 0.5),
    ),
    Definition(
        "time_to_contact_median",
        "minutes",
        "an alert opened to the customer having been contacted",
        _quantile("time_to_contact", 0.5),
    ),
    Definition(
        "time_to_contact_p90",
        "minutes",
        "as time_to_contact_median; nine of ten are shorter",
        _quantile("time_to_contact", 0.9),
    ),
)
"""Every KPI that can be read, in the order in which they are shown."""


def kpi_values(
    facts: Facts, slice_: Mapping[str, str], window: Window, as_of: datetime
) -> list[KpiValue]:
    """Form every KPI of one slice, as it was known at `as_of`."""
    values = []
    for definition in DEFINITIONS:
        estimate = definition.estimate(facts)
        values.append(
            KpiValue(
                kpi=definition.name,
                slice=dict(slice_),
                value=estimate.value,
                n=estimate.n,
                ci_low=estimate.ci_low,
                ci_high=estimate.ci_high,
                window_start=window.start,
                window_end=window.end,
                definition_version=definition.version,
                provisional=window.end + definition.wait > as_of,
            )
        )
    return values
