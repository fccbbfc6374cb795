"""Answers "what if": the risk without each of its causes, and what would calm the customer.

Nothing is estimated: the events are folded again without those of a cause, as `detect` would have
done had they not happened, and a relief acts on the fold as its rule would. A habit is a cause as a
whole, made of what the customer did and did not do: without it no habit is judged.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache

import msgspec
from msgspec.structs import replace

from pipeline.common.epoch_micros import to_micros
from pipeline.config.groups import DetectSettings
from pipeline.detection.customer import Arrival, CustomerState, apply, risk_at
from pipeline.detection.fold import relieved
from pipeline.detection.rules import Rule, RuleSet
from pipeline.detection.step import judge
from pipeline.detection.waits import next_overdue
from pipeline.model.event_types import Trait, types_with
from pipeline.model.reading import Scored

_LEAVES = types_with(Trait.LEAVES)
NOTABLE = 0.01
"""Reliefs that lower the risk by less, and end no alert, are not worth mentioning."""


class Without(msgspec.Struct, frozen=True):
    """The risk had the events not happened on which a rule held, or had no habit been judged."""

    rule: str
    risk: float
    event_ids: tuple[str, ...]


class Calming(msgspec.Struct, frozen=True):
    """The risk after a rule's relief, and the causes of the open alerts that it would end.

    `titles` say by language what must have happened for it: "Solved, and the customer is content".
    """

    rule: str
    titles: dict[str, str]
    risk: float
    ends: tuple[str, ...]


class WhatIf(msgspec.Struct, frozen=True):
    """The risk at a time, without each rule that contributes to it, and after each relief."""

    at: datetime
    risk: float
    without: tuple[Without, ...] = ()
    calming: tuple[Calming, ...] = ()


def what_if(
    events: Sequence[Scored], at: datetime, rules: RuleSet, settings: DetectSettings
) -> WhatIf:
    """Return the answers for a customer with these events at a time."""
    ordered = sorted(events, key=lambda one: (one.event.occurred_at, one.event.event_id))
    state, held = _folded(ordered, at, rules, settings)
    if state is None:
        return WhatIf(at, 0.0)

    @cache  # rules often hold at the same events
    def risk_without(event_ids: frozenset[str]) -> float:
        return risk_of([one for one in ordered if one.event.event_id not in event_ids], rules)

    @cache
    def risk_without_habits() -> float:
        return risk_of(ordered, rules.judging_no_habit())

    def risk_of(events: Sequence[Scored], rules: RuleSet) -> float:
        other, _ = _folded(events, at, rules, settings)
        return risk_at(other, at, settings)[0] if other else 0.0

    def without(name: str) -> Without:
        rule, event_ids = rules.by_name.get(name), tuple(held[name])
        if rule and "habit" in rule.waits:
            return Without(name, risk_without_habits(), event_ids)
        return Without(name, risk_without(frozenset(event_ids)), event_ids)

    risk, contributions = risk_at(state, at, settings)
    return WhatIf(
        at,
        risk,
        tuple(without(part.rule) for part in contributions),
        tuple(_calming(state, at, risk, rules, settings)),
    )


def _folded(
    events: Sequence[Scored], at: datetime, rules: RuleSet, settings: DetectSettings
) -> tuple[CustomerState | None, Mapping[str, Collection[str]]]:
    """Return the state at a time after events in order, and on which of them each rule held.

    A rule on something overdue held on the event that began it.
    """
    state: CustomerState | None = None
    held: defaultdict[str, list[str]] = defaultdict(list)
    for offset, scored in enumerate(events):
        if scored.counted:
            state = _passed(state, to_micros(scored.event.occurred_at) - 1, rules, settings, held)
        state, _ = apply(state, [Arrival(scored, 0, offset)], rules, settings)
        if scored.counted:
            for rule in state.head.fired:
                held[rule].append(scored.event.event_id)
    return _passed(state, to_micros(at), rules, settings, held), held


def _passed(
    state: CustomerState | None,
    until: int,
    rules: RuleSet,
    settings: DetectSettings,
    held: Mapping[str, list[str]],
) -> CustomerState | None:
    """Return the state once time has passed, one judgement after the other."""
    if state is None:
        return None
    head = state.head
    while turn := next_overdue(head.memory.waits, rules.terms.patience, until):
        head = judge(head, turn, rules, settings)
        for rule in head.fired:
            held[rule].append(turn.wait.entry.event_id)
    return apply(replace(state, head=head), (), rules, settings, until)[0]


def _calming(
    state: CustomerState, at: datetime, risk: float, rules: RuleSet, settings: DetectSettings
) -> Iterator[Calming]:
    for rule in rules.rules:
        # What reads the risk follows from it, a habit is nobody's to do, and a loss is no relief.
        follows = "customer.risk" in rule.fields or rule.waits or rule.events & _LEAVES
        if follows or not rule.is_relief:
            continue
        calmed, _ = risk_at(_calmed(state, rule), at, settings)
        ends = tuple(cause for cause in rule.closes if cause in state.head.open)
        if ends or risk - calmed >= NOTABLE:
            yield Calming(rule.name, rule.titles, calmed, ends)


def _calmed(state: CustomerState, rule: Rule) -> CustomerState:
    head = state.head
    loads, signs = relieved(head.loads, head.signs, rule)
    return replace(state, head=replace(head, loads=loads, signs=signs))
