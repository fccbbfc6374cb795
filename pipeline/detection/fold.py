"""One step of detection: a customer's fold before an event and the event give the fold after it."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from pipeline.config.groups import DetectSettings
from pipeline.detection.entry import DAY, Entry, EvidenceRef
from pipeline.detection.facts import Moment
from pipeline.detection.memory import Memory, after, with_contact
from pipeline.detection.rule import Rule
from pipeline.detection.rules import RuleSet
from pipeline.model.alert import grade

SOURCES = 3
"""Most events that are remembered behind a rule's load: the newest."""
EVIDENCE = 10
"""Most marks of an alert: the first and the newest."""
NEGLIGIBLE = 1e-3
"""A load that has decayed below this is forgotten."""

_BEGINNING = -(2**62)


class RuleShare(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rule's part of the load, and the newest events behind it."""

    rule: str
    load: float
    event_ids: tuple[str, ...]


class Episode(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One matter from its opening to its closing.

    `number` rises from one of a cause to the next and is no lower than the day of the opening,
    counted from 1970. `risk` and `shares` are as of `updated_at`, the last evidence or the closing.
    `topics` are those of the evidence, `ended_by` is the rule that closed it.
    """

    cause: str
    number: int
    severity: str
    opened_at: int
    updated_at: int
    risk: float = 0.0
    shares: tuple[RuleShare, ...] = ()
    evidence: tuple[EvidenceRef, ...] = ()
    closed_at: int | None = None
    brand: str = ""
    segment: str = ""
    channel: str = ""
    # An episode of a version before ends here: what comes after it needs a default.
    topics: tuple[str, ...] = ()
    ended_by: str = ""

    @property
    def key(self) -> str:
        """Unique among the customer's episodes."""
        return f"{self.cause}/{self.number}"


class Fold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A customer after some events in event order.

    `loads` and `sources` are by rule, as of `at`; `counted` is when each rule last counted;
    `open` by cause; `closed` those that the fold has closed; `numbers` the last ones by cause;
    `fired` are the rules whose condition held at the last event.
    """

    at: int = _BEGINNING
    loads: dict[str, float] = {}
    sources: dict[str, tuple[EvidenceRef, ...]] = {}
    counted: dict[str, int] = {}
    open: dict[str, Episode] = {}
    closed: tuple[Episode, ...] = ()
    numbers: dict[str, int] = {}
    memory: Memory = Memory()
    fired: tuple[str, ...] = ()


def decay(loads: Mapping[str, float], elapsed: int, half_life_days: float) -> dict[str, float]:
    """Return what is left of loads after `elapsed` microseconds; negligible ones are dropped."""
    if not loads:
        return {}
    left = 0.5 ** (elapsed / (half_life_days * DAY))
    return {rule: load * left for rule, load in loads.items() if load * left >= NEGLIGIBLE}


def risk_of(loads: Mapping[str, float]) -> float:
    """Return the risk, 0 to 1: 1 − exp(−sum of the loads)."""
    return 0.0 - math.expm1(-sum(loads.values()))  # without a load 0.0, not -0.0


def shares_of(
    loads: Mapping[str, float], sources: Mapping[str, Iterable[EvidenceRef]]
) -> tuple[RuleShare, ...]:
    """Return each rule's part of the load, the largest first."""
    ranked = sorted(loads.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        RuleShare(rule, load, tuple(mark.event_id for mark in sources[rule]))
        for rule, load in ranked
    )


def cited_events(fold: Fold) -> set[str]:
    """Return the events whose quotes the fold may still need."""
    marks = [one.mark for one in fold.memory.contacts]
    marks += [mark for source in fold.sources.values() for mark in source]
    marks += [mark for episode in fold.open.values() for mark in episode.evidence]
    return {mark.event_id for mark in marks}


def step(fold: Fold, entry: Entry, rules: RuleSet, settings: DetectSettings) -> Fold:
    """Return the fold after one more event. An event from before `fold.at` counts as of then.

    One that is not counted leaves the fold as it is.
    """
    if not entry.counted:
        return fold
    at = max(entry.at, fold.at)
    memory = with_contact(fold.memory, entry, at, settings.pauses)
    draft = _Draft(fold, entry, at, decay(fold.loads, at - fold.at, settings.half_life_days))
    fired: tuple[str, ...] = ()
    for stage in rules.stages(entry.type):
        moment = Moment(
            entry, at, memory, tuple(fold.open), risk_of(draft.loads), settings.risk_threshold
        )
        held = stage.holding(moment)
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

    def take(self, held: tuple[Rule, ...], moment: Moment) -> None:
        """Add all weights first, so that the alerts show the risk with this event in it."""
        if not held:
            return
        due = {rule.name for rule in held if self._is_due(rule)}
        for rule in held:
            if rule.weight and rule.name in due:
                self._add_weight(rule)
        for rule in held:
            if rule.is_relief:
                self._relieve(rule)
            elif rule.cause in self.open or (rule.cause and rule.name in due):
                self._ring(rule, rule.cause, moment)
        if due:
            self.counted = {**self.counted, **dict.fromkeys(due, self.at)}

    def _is_due(self, rule: Rule) -> bool:
        last = self.counted.get(rule.name)
        return last is None or self.at - last >= rule.cool_down

    def _add_weight(self, rule: Rule) -> None:
        before = self.sources.get(rule.name, ()) if rule.name in self.loads else ()
        newest = (*before[1 - SOURCES :], self.entry.mark(rule.words))
        self.sources = {**self.sources, rule.name: newest}
        self.loads[rule.name] = self.loads.get(rule.name, 0.0) + rule.weight

    def _ring(self, rule: Rule, cause: str, moment: Moment) -> None:
        """Open an alert of the cause, or add this event to the one that is open."""
        evidence = _evidence(rule, moment, self.loads, self.sources)
        episode = self.open.get(cause)
        if episode is None:
            # Not from 1: where a state was lost, its alerts' ids would be given again.
            number = max(self.numbers.get(cause, 0) + 1, self.at // DAY)
            self.numbers = {**self.numbers, cause: number}
            entry = self.entry
            episode = Episode(
                cause,
                number,
                rule.severity,
                self.at,
                self.at,
                brand=entry.brand,
                segment=entry.segment,
                channel=entry.channel,
            )
        else:
            # Earlier events were evidence when they came, or have been left out since.
            evidence = tuple(mark for mark in evidence if mark.event_id == self.entry.event_id)
        known = {mark.event_id for mark in episode.evidence}
        new = tuple(mark for mark in evidence if mark.event_id not in known)
        severity = max(episode.severity, rule.severity, key=grade)
        if new or severity != episode.severity:
            episode = msgspec.structs.replace(
                episode,
                severity=severity,
                updated_at=self.at,
                risk=risk_of(self.loads),
                shares=shares_of(self.loads, self.sources),
                evidence=_bounded(episode.evidence + new),
                topics=_topics(episode.topics, moment, new),
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
                        episode,
                        closed_at=self.at,
                        updated_at=self.at,
                        risk=risk_of(self.loads),
                        ended_by=rule.name,
                    ),
                )


def _evidence(
    rule: Rule,
    moment: Moment,
    loads: Mapping[str, float],
    sources: Mapping[str, tuple[EvidenceRef, ...]],
) -> tuple[EvidenceRef, ...]:
    """Return the marks behind what the condition reads; this event's own comes last."""
    own = moment.entry.mark(rule.words)
    if "customer.risk" in rule.fields:
        marks = [mark for name in loads for mark in sources[name]]
        return tuple({mark.event_id: mark for mark in marks}.values()) or (own,)
    cited = [contact for field in rule.fields for contact in moment.cited(field)]
    marks = [contact.mark for contact in sorted(cited, key=lambda contact: contact.at)]
    return tuple({mark.event_id: mark for mark in [*marks, own]}.values())


def _topics(
    known: tuple[str, ...], moment: Moment, evidence: tuple[EvidenceRef, ...]
) -> tuple[str, ...]:
    """Return the topics with those of new evidence: of its contacts, and of this event."""
    contacts = moment.memory.contacts
    if len(evidence) == 1:  # this event's own, which is of the last contact if of any
        contacts = contacts[-1:]
    quoted = [mark.event_id for mark in evidence]
    found = [topic for one in contacts if one.mark.event_id in quoted for topic in one.subjects]
    return tuple(dict.fromkeys((*known, *found, *moment.entry.subjects)))


def _bounded(evidence: tuple[EvidenceRef, ...]) -> tuple[EvidenceRef, ...]:
    return evidence if len(evidence) <= EVIDENCE else (evidence[0], *evidence[1 - EVIDENCE :])
