"""Definitions of the KPIs, and their values.

A value is never shown without its n; shares are in percent, waiting times in minutes.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Literal

import msgspec

from pipeline.common.titles import Titles
from pipeline.kpi import estimates
from pipeline.kpi.estimates import Estimate
from pipeline.kpi.formulas import Spread, plain

Dimension = Literal["channel", "touchpoint", "segment", "brand", "source"]
DIMENSIONS: tuple[Dimension, ...] = ("channel", "touchpoint", "segment", "brand", "source")


class Window(msgspec.Struct, frozen=True):
    """A window of event time `[start, end)`, both aware."""

    start: datetime
    end: datetime


class KpiValue(msgspec.Struct, frozen=True):
    """A KPI of a slice; `value` is None if there is no case.

    `slice` is {} for the total, else {dimension: value}. `provisional`: at the time of reading, the
    window, the waiting time of the definition, or a wait that the value includes had not ended;
    `at_least`: so many waits still run that `value` is only a lower bound. `customers` is the
    number of customers behind the n cases if a customer may have several.
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
    customers: int | None = None
    at_least: bool = False


class Facts(msgspec.Struct):
    """The input of the KPIs of a slice: counts and durations in minutes, by name.

    `spreads` holds the distribution of a KPI's answers over customers, by KPI. `by_customer` holds
    the counts that were added per customer, `running` the minutes so far of waits that still run.
    """

    counts: dict[str, int] = msgspec.field(default_factory=dict)
    minutes: dict[str, list[float]] = msgspec.field(default_factory=dict)
    running: dict[str, list[float]] = msgspec.field(default_factory=dict)
    spreads: dict[str, Spread] = msgspec.field(default_factory=dict)
    by_customer: dict[str, Counter[str]] = msgspec.field(default_factory=dict)

    def count(self, name: str) -> int:
        """Return a count, 0 by default."""
        return self.counts.get(name, 0)

    def add(self, name: str, customer_id: str, times: int = 1) -> None:
        """Add to a count of a customer."""
        self.counts[name] = self.count(name) + times
        self.by_customer.setdefault(customer_id, Counter())[name] += times

    def took(self, name: str, minutes: float, *, running: bool = False) -> None:
        """Record a duration; `running`: it has not ended."""
        (self.running if running else self.minutes).setdefault(name, []).append(minutes)

    def quantile(self, name: str, q: float) -> Estimate:
        """Return the `q` quantile of durations."""
        return estimates.quantile(self.minutes.get(name, ()), self.running.get(name, ()), q)


Kind = Literal["balance", "share", "ratio", "mean", "count", "median", "p90"]


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The target of a KPI, in its unit.

    Grafana rings if the whole interval of the last `alert_hours` misses it.
    """

    value: float
    better: Literal["higher", "lower"]
    alert_hours: int | None = None


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A KPI of `kpis.yaml`; `wait` is how long after the window its value can change."""

    name: str
    title: Titles
    says: Titles
    unit: Literal["points", "percent", "mean", "count", "minutes"]
    formula: dict[Kind, tuple[str, ...]]
    rounded: bool = False
    wait: timedelta = timedelta(0)
    dimensions: tuple[Dimension, ...] = DIMENSIONS
    shown_on: frozenset[Literal["board", "live", "line"]] = frozenset()
    target: Target | None = None
    version: str = "1"

    def __post_init__(self) -> None:
        ((kind, counts),) = self.formula.items()
        if len(counts) != _COUNTS[kind]:
            raise ValueError(f"{self.name}: a {kind} needs {_COUNTS[kind]} counts, not {counts}")

    @property
    def kind(self) -> Kind:
        """The kind of its formula."""
        return next(iter(self.formula))

    @property
    def counts(self) -> tuple[str, ...]:
        """The counts or durations of its formula."""
        return self.formula[self.kind]

    @property
    def votes(self) -> bool:
        """Whether a customer may contribute several answers or cases."""
        return self.kind in ("balance", "share")

    def spread(self, facts: Facts) -> Spread | None:
        """Return the distribution of its answers over customers; None if each has at most one."""
        if not self.votes:
            return None
        if self.name in facts.spreads:
            spread = facts.spreads[self.name]
            return spread if spread.customers else None
        *parts, whole = self.counts
        cases = [
            (own[parts[0]] - sum(own[name] for name in parts[1:]), own[whole])
            for own in facts.by_customer.values()
            if own[whole]
        ]
        sums = (
            sum(y * y for y, _ in cases),
            sum(y * m for y, m in cases),
            sum(m * m for _, m in cases),
        )
        return Spread(len(cases), *sums) if cases else None

    def estimate(self, facts: Facts, spread: Spread | None) -> Estimate:
        """Compute the value from facts and their `spread`."""
        count = facts.count
        match self.formula:
            case {"balance": (plus, minus, answers)}:
                estimate = estimates.balance(count(plus), count(minus), count(answers), spread)
            case {"share": (part, whole)}:
                estimate = estimates.share(count(part), count(whole), spread)
            case {"ratio": (some, others)}:
                estimate = estimates.ratio(count(some), count(others))
            case {"mean": (thousandths, answers)}:
                estimate = estimates.mean(count(thousandths), count(answers))
            case {"median": (clock,)}:
                estimate = facts.quantile(clock, 0.5)
            case {"p90": (clock,)}:
                estimate = facts.quantile(clock, 0.9)
            case _:
                estimate = estimates.count(count(*self.counts))
        return estimates.rounded(estimate) if self.rounded else estimate


_COUNTS: Mapping[Kind, int] = {
    **{"balance": 3, "share": 2, "ratio": 2, "mean": 2},
    **{"count": 1, "median": 1, "p90": 1},
}


def _definitions() -> tuple[Definition, ...]:
    rows = msgspec.yaml.decode(files(__package__).joinpath("kpis.yaml").read_bytes())
    return msgspec.convert(
        [{"name": name, **row} for name, row in rows.items()], tuple[Definition, ...]
    )


DEFINITIONS = _definitions()
"""All KPIs, in display order."""

KPIS: Mapping[str, Definition] = {definition.name: definition for definition in DEFINITIONS}
"""KPIs by name."""

SELF_SERVICE_WAIT = KPIS["self_service_rate"].wait
"""An assisted contact within this time after self-service refutes its success."""

SAME_TOPIC_WAIT = KPIS["first_contact_resolution"].wait
"""A contact on the same topic within this time after a resolution refutes it."""

NEXT_SCORE_WAIT = KPIS["rescue_rate"].wait
"""Time after contacting a customer within which the next score counts."""


def kpi_values(
    facts: Facts, slice_: Mapping[str, str], window: Window, as_of: datetime
) -> list[KpiValue]:
    """Compute every KPI of a slice; values that can still change at `as_of` are provisional.

    KPIs without the slice's dimensions (`Definition.dimensions`) are left out.
    """
    values = []
    for definition in DEFINITIONS:
        if not {*slice_} <= {*definition.dimensions}:
            continue
        spread = definition.spread(facts)
        estimate = definition.estimate(facts, spread)
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
                provisional=window.end + definition.wait > as_of or estimate.running > 0,
                customers=int(plain(spread.customers)) if spread else None,
                at_least=estimate.at_least,
            )
        )
    return values
