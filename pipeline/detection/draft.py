"""A fold while the rules that hold take effect on it: weights, alerts, reliefs."""

from collections.abc import Container, Mapping

from msgspec.structs import replace

from pipeline.detection.assessment import parts_of, risk_of, shares_of
from pipeline.detection.entry import DAY
from pipeline.detection.fold import Episode, Fold, relieved
from pipeline.detection.memory import Memory
from pipeline.detection.moment import Moment
from pipeline.detection.remarks import remark_on
from pipeline.detection.rule import Rule
from pipeline.detection.said import Said, reason_of_score, says_why
from pipeline.detection.signs import Signs
from pipeline.detection.spans import EvidenceRef, first_and_newest
from pipeline.model.alert import grade
from pipeline.model.risk_model import RiskModel

SOURCES = 3
"""Maximum number of remembered events behind a rule's load, the newest."""
EVIDENCE = 10
"""Maximum number of evidence references of an alert: the first and the newest."""


class FoldDraft:
    """A mutable fold while the rules that hold at an event take effect."""

    def __init__(
        self,
        fold: Fold,
        moment: Moment,
        loads: dict[str, float],
        signs: Signs,
        fitted: RiskModel | None,
    ) -> None:
        self.entry, self.at, self.loads = moment.entry, moment.at, loads
        self.signs, self.fitted = signs, fitted
        self.sources = fold.sources
        self.counted = fold.counted
        self.open = fold.open
        self.closed = fold.closed
        self.numbers = fold.numbers

    @property
    def parts(self) -> Mapping[str, float]:
        """What makes the risk now."""
        return parts_of(self.loads, self.signs, self.at, self.fitted)

    @property
    def risk(self) -> float:
        """The risk now."""
        return risk_of(self.parts, self.fitted)

    def has_grave(self, but: Container[str | None]) -> bool:
        """Return whether an alert that is high or critical is open, of other causes than these."""
        return any(episode.is_grave for cause, episode in self.open.items() if cause not in but)

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
                self._apply_relief(rule, moment)
            elif rule.cause and (
                # What is overdue is judged once: what does not open now never will.
                rule.cause in self.open or rule.name in due or rule.waits
            ):
                self._raise_alert(rule, rule.cause, moment)
        if due:
            self.counted = {**self.counted, **dict.fromkeys(due, self.at)}

    def fold(
        self,
        memory: Memory,
        fired: tuple[str, ...],
        calm_since: int | None,
        passed: int,
    ) -> Fold:
        """Return the fold with what the rules changed, and these parts of it."""
        return Fold(
            self.at,
            self.loads,
            {rule: self.sources[rule] for rule in self.loads},
            self.counted,
            self.open,
            self.closed,
            self.numbers,
            memory,
            fired,
            calm_since,
            self.signs,
            passed,
        )

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
        reason = self._reason(moment, evidence)
        if reason:  # which tells more than "no comment"
            evidence = (reason.mark, *[replace(mark, start=0, end=0) for mark in evidence])
        cited = {mark.event_id for mark in episode.evidence}
        new = tuple(mark for mark in evidence if mark.event_id not in cited)
        severity = max(episode.severity, rule.severity, key=grade)
        if new or severity != episode.severity:
            episode = replace(
                self._assessed(episode),
                severity=severity,
                evidence=first_and_newest(episode.evidence + new, EVIDENCE),
                topics=_topics(episode.topics, moment, new),
                remark=remark_on(self.entry, moment.habit, reason) or episode.remark,
            )
            self.open = {**self.open, cause: episode}

    def _reason(self, moment: Moment, evidence: tuple[EvidenceRef, ...]) -> Said | None:
        """Return what a low score speaks of, None where the evidence quotes a reason."""
        if self.entry.score is None or says_why(self.entry):
            return None
        if any(mark.end for mark in evidence if mark.event_id != self.entry.event_id):
            return None
        return reason_of_score(moment.memory.said, self.entry, self.at)

    def _apply_relief(self, rule: Rule, moment: Moment) -> None:
        """Relieve, and close what was open before: what the same event opens is not over by it."""
        self.loads, self.signs = relieved(self.loads, self.signs, rule)
        for cause in rule.closes:
            if cause in moment.open_alerts and (episode := self.open.get(cause)):
                self.open = {
                    other: still_open for other, still_open in self.open.items() if other != cause
                }
                closed = replace(self._assessed(episode), closed_at=self.at, ended_by=rule.name)
                self.closed = (*self.closed, closed)

    def _assessed(self, episode: Episode) -> Episode:
        """Return the episode with the risk as it is now."""
        parts = self.parts
        return replace(
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
    if "conversation.dangers" in rule.fields:
        return moment.conversation.danger_proof or (own,)
    if any(field.startswith("conversation.") for field in rule.fields):
        return moment.conversation.proof or (own,)
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
