"""A step of detection: from a customer's fold and an event to the next fold."""

from collections.abc import Iterable, Mapping

import msgspec

from pipeline.config.groups import DetectSettings
from pipeline.detection.assessment import RuleShare, parts_of, risk_of, shares_of
from pipeline.detection.entry import DAY, EvidenceRef, LogEntry
from pipeline.detection.facts import Moment
from pipeline.detection.memory import Memory, after, begins_contact, with_contact
from pipeline.detection.rule import Rule
from pipeline.detection.rules import RuleSet
from pipeline.detection.signs import Signs, signs_after
from pipeline.model.alert import grade
from pipeline.model.risk_model import RiskModel

SOURCES = 3
"""Maximum number of remembered events behind a rule's load, the newest."""
EVIDENCE = 10
"""Maximum number of evidence references of an alert: the first and the newest."""
NEGLIGIBLE = 1e-3
"""Loads below this are dropped."""

_BEGINNING = -(2**62)


class Episode(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An issue of one cause, from opening to closing.

    `number` increases from episode to episode of a cause and is at least the day of the opening,
    counted from 1970. `risk` and `shares` are as of `updated_at`, the last evidence or the closing.
    `topics` are those of the evidence, `ended_by` is the rule that closed it. `calibrated`: `risk`
    is a probability, else a score.
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
    # Episodes of older versions end here: later fields need a default.
    topics: tuple[str, ...] = ()
    ended_by: str = ""
    calibrated: bool = False

    @property
    def key(self) -> str:
        """A key that is unique among the customer's episodes."""
        return f"{self.cause}/{self.number}"


class Fold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The fold of a customer's events in event order, as of `at`.

    `loads` and `sources` are by rule; `counted` is when each rule last counted; `open` holds
    episodes by cause, `closed` those that the fold closed, `numbers` the last number by cause;
    `fired` are the rules whose condition held at the last event. `calm_since` is the beginning of
    the time that the next event of ordinary life will relieve; None if there was none.
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
    # Folds of older versions end here: later fields need a default.
    calm_since: int | None = None
    signs: Signs = Signs()


def decay(loads: Mapping[str, float], elapsed: int, half_life_days: float) -> dict[str, float]:
    """Return loads relieved by `elapsed` microseconds of ordinary life, without negligible ones."""
    if not loads or not elapsed:
        return dict(loads)
    left = 0.5 ** (elapsed / (half_life_days * DAY))
    return {rule: load * left for rule, load in loads.items() if load * left >= NEGLIGIBLE}


def cited_events(fold: Fold) -> set[str]:
    """Return the ids of events whose quotes the fold may still need."""
    marks = [contact.mark for contact in fold.memory.contacts]
    marks += [mark for source in fold.sources.values() for mark in source]
    marks += [mark for episode in fold.open.values() for mark in episode.evidence]
    return {mark.event_id for mark in marks}


def step(fold: Fold, entry: LogEntry, rules: RuleSet, settings: DetectSettings) -> Fold:
    """Return the fold after an event. An event older than `fold.at` counts as of `fold.at`.

    An event that is not counted leaves the fold unchanged.
    """
    if not entry.counted:
        return fold
    at = max(entry.at, fold.at)
    memory = with_contact(fold.memory, entry, at, settings.pauses)
    early, late = rules.stages(entry.type)
    known = (entry, at, memory, tuple(fold.open))
    # No early rule reads the risk, and which of them hold decides whether life is ordinary.
    moment = Moment(*known, 0.0, settings.threshold)
    held = early.holding(moment)
    calm, calm_since = _calm(fold, entry, at, held)
    begins = memory is not fold.memory and begins_contact(fold.memory, entry, at, settings.pauses)
    tallies = decay(fold.signs.tallies, calm, settings.half_life_days)
    signs = signs_after(fold.signs, tallies, moment, begins_contact=begins)
    loads = decay(fold.loads, calm, settings.half_life_days)
    fitted = settings.fitted
    draft = _Draft(fold, entry, at, loads, signs, fitted)
    draft.take(held, moment)
    risk = risk_of(parts_of(draft.loads, draft.signs, at, fitted), fitted)
    moment = Moment(*known, risk, settings.threshold)
    held_late = late.holding(moment)
    draft.take(held_late, moment)
    return Fold(
        at,
        draft.loads,
        {rule: draft.sources[rule] for rule in draft.loads},
        draft.counted,
        draft.open,
        draft.closed,
        draft.numbers,
        after(memory, entry, at),
        tuple([rule.name for rule in (*held, *held_late)]),
        calm_since,
        draft.signs,
    )


def _calm(fold: Fold, entry: LogEntry, at: int, held: Iterable[Rule]) -> tuple[int, int]:
    """Return the microseconds of calm that an event ends, and since when it is calm from then on.

    Only ordinary life shows that it was calm: silence or a record of a system does not, and an
    event on which a rule with a weight holds, or unusually little use, shows that it was not.
    """
    since = fold.at if fold.calm_since is None else fold.calm_since
    if held and any(rule.weight for rule in held):
        return 0, at
    if entry.amounts and not fold.signs.is_usual(entry.amounts):
        return 0, at
    return (at - since, at) if entry.is_ordinary else (0, since)


class _Draft:
    """A mutable fold while the rules that hold at an event take effect."""

    def __init__(
        self,
        fold: Fold,
        entry: LogEntry,
        at: int,
        loads: dict[str, float],
        signs: Signs,
        fitted: RiskModel | None,
    ) -> None:
        self.entry, self.at, self.loads = entry, at, loads
        self.signs, self.fitted = signs, fitted
        self.sources = fold.sources
        self.counted = fold.counted
        self.open = fold.open
        self.closed = fold.closed
        self.numbers = fold.numbers

    def take(self, held: tuple[Rule, ...], moment: Moment) -> None:
        """Apply the rules, weights first, so that alerts show the risk including this event."""
        if not held:
            return
        due = {rule.name for rule in held if self._is_due(rule)}
        for rule in held:
            if rule.weight and rule.name in due:
                self._add_weight(rule)
        for rule in held:
            if rule.is_relief:
                self._apply_relief(rule)
            elif rule.cause in self.open or (rule.cause and rule.name in due):
                self._raise_alert(rule, rule.cause, moment)
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

    def _raise_alert(self, rule: Rule, cause: str, moment: Moment) -> None:
        """Open an episode of the cause, or add this event to the open one."""
        evidence = _evidence(rule, moment, self.loads, self.sources)
        episode = self.open.get(cause)
        if episode is None:
            # Not from 1: if a state was lost, ids of its alerts would be reused.
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
            # Earlier events were considered when they came.
            evidence = tuple(mark for mark in evidence if mark.event_id == self.entry.event_id)
        cited = {mark.event_id for mark in episode.evidence}
        new = tuple(mark for mark in evidence if mark.event_id not in cited)
        severity = max(episode.severity, rule.severity, key=grade)
        if new or severity != episode.severity:
            episode = msgspec.structs.replace(
                self._assessed(episode),
                severity=severity,
                evidence=_bounded(episode.evidence + new),
                topics=_topics(episode.topics, moment, new),
            )
            self.open = {**self.open, cause: episode}

    def _apply_relief(self, rule: Rule) -> None:
        left = 1.0 - rule.relief
        self.loads = {name: load * left for name, load in self.loads.items() if load * left > 0}
        self.signs = self.signs.relieved(left)
        for cause in rule.closes:
            if episode := self.open.get(cause):
                self.open = {
                    other: still_open for other, still_open in self.open.items() if other != cause
                }
                closed = msgspec.structs.replace(
                    self._assessed(episode), closed_at=self.at, ended_by=rule.name
                )
                self.closed = (*self.closed, closed)

    def _assessed(self, episode: Episode) -> Episode:
        """Return the episode with the risk as it is now."""
        parts = parts_of(self.loads, self.signs, self.at, self.fitted)
        return msgspec.structs.replace(
            episode,
            updated_at=self.at,
            risk=risk_of(parts, self.fitted),
            calibrated=self.fitted is not None,
            shares=shares_of(parts, self.sources),
        )


def _evidence(
    rule: Rule,
    moment: Moment,
    loads: Mapping[str, float],
    sources: Mapping[str, tuple[EvidenceRef, ...]],
) -> tuple[EvidenceRef, ...]:
    """Return the evidence behind what the condition reads, this event's last."""
    own = moment.entry.mark(rule.words)
    if "customer.risk" in rule.fields:
        marks = [mark for name in loads for mark in sources[name]]
        return tuple({mark.event_id: mark for mark in marks}.values()) or (own,)
    cited = [contact for field in rule.fields for contact in moment.cited(field)]
    marks = [contact.mark for contact in sorted(cited, key=lambda contact: contact.at)]
    return tuple({mark.event_id: mark for mark in [*marks, own]}.values())


def _topics(
    topics: tuple[str, ...], moment: Moment, evidence: tuple[EvidenceRef, ...]
) -> tuple[str, ...]:
    """Return the topics with those of new evidence: of its contacts and of this event."""
    contacts = moment.memory.contacts
    if len(evidence) == 1:  # this event's, which belongs to the last contact if to any
        contacts = contacts[-1:]
    quoted = [mark.event_id for mark in evidence]
    subjects = [
        topic
        for contact in contacts
        if contact.mark.event_id in quoted
        for topic in contact.subjects
    ]
    return tuple(dict.fromkeys((*topics, *subjects, *moment.entry.subjects)))


def _bounded(evidence: tuple[EvidenceRef, ...]) -> tuple[EvidenceRef, ...]:
    return evidence if len(evidence) <= EVIDENCE else (evidence[0], *evidence[1 - EVIDENCE :])
