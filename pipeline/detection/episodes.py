"""Turns episodes into alerts: publishes what changed between two folds."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple
from uuid import UUID, uuid5

import msgspec

from pipeline.common.epoch_micros import to_datetime
from pipeline.common.languages import Language
from pipeline.detection.assessment import RuleShare
from pipeline.detection.fold import Episode, Fold
from pipeline.detection.remarks import remark_texts
from pipeline.detection.rules import RuleSet
from pipeline.detection.spans import EvidenceRef
from pipeline.model.alert import Alert, AlertState, Contribution, Evidence

NAMESPACE = UUID("6f1b9a52-7c1e-5d0a-9a3e-3d2f7f0c8b11")
"""Namespace of alert ids: fixed, so that an episode has the same id everywhere."""

NoCause = Literal["no_cause", "rules_changed"]
"""The reason of a withdrawal."""

ENDINGS: Final = msgspec.yaml.decode(
    Path(__file__).with_name("endings.yaml").read_bytes(), type=dict[str, dict[str, str]]
)
"""Default explanations of an end, by language."""


class EpisodeChange(NamedTuple):
    """A change of an episode to publish."""

    episode: Episode
    state: AlertState


class AlertContext(NamedTuple):
    """The customer, rules and language of alerts; `quote` returns the text of a reference."""

    customer_id: str
    rules: RuleSet
    language: Language
    quote: Callable[[EvidenceRef], str]


def changes(before: Fold, now: Fold, withdrawn_for: NoCause) -> Iterator[EpisodeChange]:
    """Yield the episodes that differ between two folds; a missing one is withdrawn."""
    if before.open is now.open and before.closed is now.closed:
        return
    published = {episode.key: episode for episode in _episodes(before)}
    current = {episode.key: episode for episode in _episodes(now)}
    for key, episode in current.items():
        if published.get(key) != episode:
            state: AlertState = "open" if episode.closed_at is None else "resolved"
            yield EpisodeChange(episode, state)
    for key, episode in published.items():
        if key not in current:
            yield EpisodeChange(_withdrawn(episode, now.at, withdrawn_for), "withdrawn")


def _withdrawn(episode: Episode, at: int, reason: NoCause) -> Episode:
    """Return the episode as it ends by a withdrawal: without shares and evidence."""
    end = max(at, episode.opened_at)
    return msgspec.structs.replace(
        episode, updated_at=end, closed_at=end, shares=(), evidence=(), ended_by=reason, remark=None
    )


def is_settled(episode_key: str, snapshot: Fold) -> bool:
    """Return whether an episode was opened and closed before the end of the snapshot."""
    cause, _, number = episode_key.rpartition("/")
    opened = snapshot.open.get(cause)
    return int(number) <= snapshot.numbers.get(cause, 0) and not (
        opened and opened.key == episode_key
    )


def without_settled(fold: Fold, snapshot: Fold) -> Fold:
    """Return the fold without closed episodes that can no longer change."""
    if not fold.closed:
        return fold
    closed = tuple(episode for episode in fold.closed if not is_settled(episode.key, snapshot))
    return msgspec.structs.replace(fold, closed=closed)


def contributions_of(shares: Iterable[RuleShare]) -> tuple[Contribution, ...]:
    """Return the contributions of rules to a load."""
    shares = tuple(shares)
    total = sum(share.load for share in shares)
    return tuple(
        Contribution(share.rule, share.load, share.load / total, share.event_ids)
        for share in shares
    )


def _episodes(fold: Fold) -> Iterator[Episode]:
    yield from fold.closed
    yield from fold.open.values()


def _ending(ended_by: str, rules: RuleSet) -> dict[str, str]:
    """Return the explanations of an end: those of the rule, else the defaults."""
    rule = rules.by_name.get(ended_by)
    return (rule and rule.titles) or ENDINGS.get(ended_by) or ENDINGS["closed"]


def alert_of(change: EpisodeChange, revision: int, context: AlertContext) -> Alert:
    """Return the alert of an episode."""
    episode, state = change
    customer_id, rules, language, quote = context
    dedup_key = f"{customer_id}/{episode.key}"
    rule = rules.by_cause.get(episode.cause)
    # The rules may have changed since the episode was opened.
    titles = rule.titles if rule else {"tr": episode.cause, "en": episode.cause}
    return Alert(
        id=str(uuid5(NAMESPACE, dedup_key)),
        cause=episode.cause,
        severity=episode.severity,
        title=titles[language],
        titles=titles,
        customer_id=customer_id,
        opened_at=to_datetime(episode.opened_at),
        updated_at=to_datetime(episode.updated_at),
        state=state,
        risk=episode.risk,
        calibrated=episode.calibrated,
        contributions=contributions_of(episode.shares),
        evidence=tuple(
            Evidence(mark.event_id, quote(mark), mark.start, mark.end, mark.turn)
            for mark in episode.evidence
        ),
        playbook=rule.playbooks[language] if rule else "",
        dedup_key=dedup_key,
        rules_version=rules.version,
        revision=revision,
        closed_at=None if episode.closed_at is None else to_datetime(episode.closed_at),
        brand=episode.brand or None,
        segment=episode.segment or None,
        channel=episode.channel or None,
        topics=episode.topics,
        ended_by=episode.ended_by or None,
        ending=_ending(episode.ended_by, rules) if state != "open" else None,
        remark=remark_texts(episode.remark) if episode.remark else None,
        in_danger=bool(rule and rule.in_danger),
        lost=bool((closing := rules.by_name.get(episode.ended_by)) and closing.lost),
    )
