"""One step of detection: a customer's fold before an event and the event give the fold after it."""

import math
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

import msgspec

from pipeline.alert import Contribution, Severity
from pipeline.entry import SECOND, Entry, Quote
from pipeline.facts import Memory, Moment, after, with_contact
from pipeline.rules import Rule, RuleSet

SOURCES = 5
"""Most events that are remembered behind a rule's load: the newest."""
EVIDENCE = 10
"""Most quotes of an alert: the first and the newest."""
NEGLIGIBLE = 1e-3
"""A load that has decayed below this is forgotten."""

_BEGINNING = -(2**62)
_SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


class DetectSettings(Protocol):
    """How risk is kept: `max_events` bounds the log, `risk_threshold` is for rules to read."""

    @property
    def half_life_days(self) -> float: ...  # noqa: D102
    @property
    def risk_threshold(self) -> float: ...  # noqa: D102
    @property
    def max_events(self) -> int: ...  # noqa: D102
    @property
    def language(self) -> Literal["tr", "en"]: ...  # noqa: D102


class Episode(msgspec.Struct, frozen=True, array_like=True):
    """One matter from its opening to its closing; `number` counts those of a cause from 1.

    `risk` and `contributions` are as of `updated_at`, the last evidence or the closing.
    """

    cause: str
    number: int
    severity: Severity
    opened_at: int
    updated_at: int
    risk: float
    contributions: tuple[Contribution, ...]
    evidence: tuple[Quote, ...]
    closed_at: int | None = None
    brand: str = ""
    segment: str = ""
    channel: str = ""

    @property
    def key(self) -> str:
        """Unique among the customer's episodes."""
        return f"{self.cause}/{self.number}"


class Fold(msgspec.Struct, frozen=True, array_like=True):
    """A customer after some events in event order.

    `loads` and `sources` are by rule, as of `at`; `counted` is when each rule last counted;
    `open` by cause; `closed` those that the fold has closed; `numbers` how many by cause;
    `fired` are the rules whose condition held at the last event.
    """

    at: int = _BEGINNING
    loads: dict[str, float] = {}
    sources: dict[str, tuple[Quote, ...]] = {}
    counted: dict[str, int] = {}
    open: dict[str, Episode] = {}
    closed: tuple[Episode, ...] = ()
    numbers: dict[str, int] = {}
    memory: Memory = Memory()
    fired: tuple[str, ...] = ()


def decay(loads: Mapping[str, float], elapsed: int, half_life_days: float) -> dict[str, float]:
    """Return what is left of loads after `elapsed` microseconds; negligible ones are dropped."""
    left = 0.5 ** (elapsed / (half_life_days * 86_400 * SECOND))
    return {rule: load * left for rule, load in loads.items() if load * left >= NEGLIGIBLE}


def risk_of(loads: Mapping[str, float]) -> float:
    """Return the risk, 0 to 1: 1 − exp(−sum of the loads)."""
    return -math.expm1(-sum(loads.values()))


def contributions_of(
    loads: Mapping[str, float], sources: Mapping[str, Iterable[Quote]]
) -> tuple[Contribution, ...]:
    """Return each rule's share of the load, the largest first."""
    total = sum(loads.values())
    ranked = sorted(loads.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Contribution(rule, load, load / total, tuple(quote.event_id for quote in sources[rule]))
        for rule, load in ranked
    )


def step(fold: Fold, entry: Entry, rules: RuleSet, settings: DetectSettings) -> Fold:
    """Return the fold after one more event. An event from before `fold.at` counts as of then."""
    at = max(entry.at, fold.at)
    memory = with_contact(fold.memory, entry, at)
    draft = _Draft(fold, entry, at, decay(fold.loads, at - fold.at, settings.half_life_days))
    fired: tuple[str, ...] = ()
    for stage in rules.stages[entry.type]:
        moment = Moment(
            entry, at, memory, tuple(fold.open), risk_of(draft.loads), settings.risk_threshold
        )
        held = rules.holding(stage, moment)
        draft.take(held, moment)
        fired += tuple(rule.name for rule in held)
    return Fold(
        at,
        draft.loads,
        {rule: draft.sources[rule] for rule in draft.loads},
        draft.counted,
        draft.open,
        draft.closed,
        draft.numbers,
        after(memory, entry, at),
        fired,
    )


class _Draft:
    """The parts of a fold while the rules that held at one event take effect."""

    def __init__(self, fold: Fold, entry: Entry, at: int, loads: dict[str, float]) -> None:
        self.entry, self.at, self.loads = entry, at, loads
        self.sources = fold.sources
        self.counted = fold.counted
        self.open = fold.open
        self.closed = fold.closed
        self.numbers = fold.numbers

    def take(self, held: list[Rule], moment: Moment) -> None:
        """Add all weights first, so that the alerts show the risk with this event in it."""
        due = {rule.name for rule in held if self._is_due(rule)}
        for rule in held:
            if rule.weight and rule.name in due:
                self._add_weight(rule)
        for rule in held:
            if rule.is_relief:
                self._relieve(rule)
            elif rule.cause in self.open or (rule.cause and rule.name in due):
                self._ring(rule, rule.cause, _evidence(rule, moment, self.loads, self.sources))
        if due:
            self.counted = {**self.counted, **dict.fromkeys(due, self.at)}

    def _is_due(self, rule: Rule) -> bool:
        last = self.counted.get(rule.name)
        return last is None or self.at - last >= rule.cool_down

    def _add_weight(self, rule: Rule) -> None:
        before = self.sources.get(rule.name, ()) if rule.name in self.loads else ()
        newest = (*before[1 - SOURCES :], self.entry.quote(rule.words))
        self.sources = {**self.sources, rule.name: newest}
        self.loads[rule.name] = self.loads.get(rule.name, 0.0) + rule.weight

    def _ring(self, rule: Rule, cause: str, evidence: tuple[Quote, ...]) -> None:
        entry, episode = self.entry, self.open.get(cause)
        risk, contributions = risk_of(self.loads), contributions_of(self.loads, self.sources)
        if episode is None:
            self.numbers = {**self.numbers, cause: self.numbers.get(cause, 0) + 1}
            episode = Episode(
                cause,
                self.numbers[cause],
                rule.severity,
                self.at,
                self.at,
                risk,
                contributions,
                _bounded(evidence),
                brand=entry.brand,
                segment=entry.segment,
                channel=entry.channel,
            )
        else:
            known = {quote.event_id for quote in episode.evidence}
            new = tuple(quote for quote in evidence if quote.event_id not in known)
            severity = max(episode.severity, rule.severity, key=_SEVERITIES.index)
            if not new and severity == episode.severity:
                return
            episode = msgspec.structs.replace(
                episode,
                severity=severity,
                updated_at=self.at,
                risk=risk,
                contributions=contributions,
                evidence=_bounded(episode.evidence + new),
            )
        self.open = {**self.open, cause: episode}

    def _relieve(self, rule: Rule) -> None:
        left = 1.0 - rule.relief
        self.loads = {name: load * left for name, load in self.loads.items() if load * left > 0}
        for cause in rule.closes:
            if episode := self.open.get(cause):
                self.open = {other: one for other, one in self.open.items() if other != cause}
                self.closed = (
                    *self.closed,
                    msgspec.structs.replace(
                        episode, closed_at=self.at, updated_at=self.at, risk=risk_of(self.loads)
                    ),
                )


def _evidence(
    rule: Rule,
    moment: Moment,
    loads: Mapping[str, float],
    sources: Mapping[str, tuple[Quote, ...]],
) -> tuple[Quote, ...]:
    """Return the quotes behind what the condition reads; this event's own comes last."""
    own = moment.entry.quote(rule.words)
    if "customer.risk" in rule.fields:
        quotes = [quote for name in loads for quote in sources[name]]
        return tuple({quote.event_id: quote for quote in quotes}.values()) or (own,)
    cited = [contact for field in rule.fields for contact in moment.cited(field)]
    quotes = [contact.quote for contact in sorted(cited, key=lambda contact: contact.at)]
    return tuple({quote.event_id: quote for quote in [*quotes, own]}.values())


def _bounded(evidence: tuple[Quote, ...]) -> tuple[Quote, ...]:
    return evidence if len(evidence) <= EVIDENCE else (evidence[0], *evidence[1 - EVIDENCE :])
