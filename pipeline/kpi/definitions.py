"""KPIs: what each counts, and the values as they are read.

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
    """Event time `[start, end)`, both aware."""

    start: datetime
    end: datetime


class KpiValue(msgspec.Struct, frozen=True):
    """One KPI of one slice; `value` is None where nothing was answered.

    `slice` is {} for the whole, else {dimension: value}. `provisional`: the window, or the
    waiting time that the definition asks for, or a wait that the value rests on had not ended at
    the time of reading; `at_least`: so many of those still run that only this is known of the
    value. `customers` is of how many people the n cases are, where several may be of one.
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
    """What KPIs of one slice are formed from: how often, and how many minutes each time.

    `spreads`: how the answers of a KPI are spread over customers, by its name. What was added is
    in `by_customer` too. `running` are the minutes so far of what is not over.
    """

    counts: dict[str, int] = msgspec.field(default_factory=dict)
    minutes: dict[str, list[float]] = msgspec.field(default_factory=dict)
    running: dict[str, list[float]] = msgspec.field(default_factory=dict)
    spreads: dict[str, Spread] = msgspec.field(default_factory=dict)
    by_customer: dict[str, Counter[str]] = msgspec.field(default_factory=dict)

    def count(self, name: str) -> int:
        """How often it happened; 0 where it never did."""
        return self.counts.get(name, 0)

    def add(self, name: str, customer_id: str, times: int = 1) -> None:
        """Count what happened to a customer."""
        self.counts[name] = self.count(name) + times
        self.by_customer.setdefault(customer_id, Counter())[name] += times

    def took(self, name: str, minutes: float, *, running: bool = False) -> None:
        """Note how long it took once, or takes so far."""
        (self.running if running else self.minutes).setdefault(name, []).append(minutes)

    def quantile(self, name: str, q: float) -> Estimate:
        """Return the `q` quantile of how long it took."""
        return estimates.quantile(self.minutes.get(name, ()), self.running.get(name, ()), q)


Kind = Literal["balance", "share", "ratio", "mean", "count", "median", "p90"]


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a KPI should reach, in its unit."""

    value: float
    better: Literal["higher", "lower"]


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A KPI, as `kpis.yaml` has it; `wait` is how long after the window it can change."""

    name: str
    title: Titles
    says: Titles
    unit: Literal["points", "percent", "mean", "count", "minutes"]
    formula: dict[Kind, tuple[str, ...]]
    rounded: bool = False
    wait: timedelta = timedelta(0)
    dimensions: tuple[Dimension, ...] = DIMENSIONS
    shown_on: frozenset[Literal["board", "live"]] = frozenset()
    target: Target | None = None
    version: str = "1"

    def __post_init__(self) -> None:
        ((kind, counts),) = self.formula.items()
        if len(counts) != _COUNTS[kind]:
            raise ValueError(f"{self.name}: a {kind} is formed from {_COUNTS[kind]}: {counts}")

    @property
    def kind(self) -> Kind:
        """By which formula it is formed."""
        return next(iter(self.formula))

    @property
    def counts(self) -> tuple[str, ...]:
        """The counts, or waiting times, that it is formed from."""
        return self.formula[self.kind]

    @property
    def votes(self) -> bool:
        """Whether it is formed from answers or cases of which a customer may have several."""
        return self.kind in ("balance", "share")

    def spread(self, facts: Facts) -> Spread | None:
        """How its answers are spread over customers; None where each has one at most."""
        if self.name in facts.spreads:
            found = facts.spreads[self.name]
            return found if found.customers else None
        *parts, whole = self.counts
        cases = [
            (own[parts[0]] - sum(own[name] for name in parts[1:]), own[whole])
            for own in facts.by_customer.values()
            if self.votes and own[whole]
        ]
        sums = (
            sum(y * y for y, _ in cases),
            sum(y * m for y, m in cases),
            sum(m * m for _, m in cases),
        )
        return Spread(len(cases), *sums) if cases else None

    def estimate(self, facts: Facts) -> Estimate:
        """Form the value from facts."""
        count, spread = facts.count, self.spread(facts)
        match self.formula:
            case {"balance": (plus, minus, answers)}:
                found = estimates.balance(count(plus), count(minus), count(answers), spread)
            case {"share": (part, whole)}:
                found = estimates.share(count(part), count(whole), spread)
            case {"ratio": (some, others)}:
                found = estimates.ratio(count(some), count(others))
            case {"mean": (thousandths, answers)}:
                found = estimates.mean(count(thousandths), count(answers))
            case {"median": (clock,)}:
                found = facts.quantile(clock, 0.5)
            case {"p90": (clock,)}:
                found = facts.quantile(clock, 0.9)
            case _:
                found = estimates.count(count(*self.counts))
        return estimates.rounded(found) if self.rounded else found


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
"""Every KPI that can be read, in the order in which they are shown."""

KPIS: Mapping[str, Definition] = {definition.name: definition for definition in DEFINITIONS}
"""By name."""

SELF_SERVICE_WAIT = KPIS["self_service_rate"].wait
"""Help from a person within this time of a solution by oneself: it was none."""

SAME_TOPIC_WAIT = KPIS["first_contact_resolution"].wait
"""A contact on the same topic within this time of a resolution: it was none."""

NEXT_SCORE_WAIT = KPIS["rescue_rate"].wait
"""How long the next score of a customer who was contacted is waited for."""

RESCUED = 7
"""The least score on 0-10 of a customer who was won back."""


def kpi_values(
    facts: Facts, slice_: Mapping[str, str], window: Window, as_of: datetime
) -> list[KpiValue]:
    """Form every KPI of one slice; what can still change at `as_of` is provisional.

    A KPI that cannot be cut so (`Definition.dimensions`) is left out.
    """
    values = []
    for definition in DEFINITIONS:
        if not {*slice_} <= {*definition.dimensions}:
            continue
        estimate, spread = definition.estimate(facts), definition.spread(facts)
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
