"""A step of detection: from a customer's fold and an event, or time that passes, to the next."""

from pipeline.config.groups import DetectSettings
from pipeline.detection.draft import FoldDraft
from pipeline.detection.entry import LogEntry
from pipeline.detection.fold import Fold, decay
from pipeline.detection.memory import (
    after,
    after_judgement,
    begins_contact,
    conversation_at,
    talk_of,
    with_contact,
)
from pipeline.detection.moment import Moment
from pipeline.detection.routine import is_changed
from pipeline.detection.rule import Rule, Stage
from pipeline.detection.rules import RuleSet
from pipeline.detection.signs import signs_after
from pipeline.detection.waits import Overdue, next_overdue


def step(fold: Fold, entry: LogEntry, rules: RuleSet, settings: DetectSettings) -> Fold:
    """Return the fold after an event. An event older than `fold.at` counts as of `fold.at`.

    What was overdue before it is judged first. An event that is not counted leaves the fold
    unchanged.
    """
    if not entry.counted:
        return fold
    at = max(entry.at, fold.at)
    if fold.memory.waits:
        fold = pass_time(fold, at - 1, rules, settings)  # what comes just in time is in time
    memory = with_contact(fold.memory, entry, at, settings.pauses)
    conversation = conversation_at(memory, entry, at)
    moment = Moment(entry, at, memory, tuple(fold.open), 0.0, settings.threshold, conversation)
    early, late = rules.stages(entry.type)
    held = early.holding(moment)
    calm, calm_since = _calm(fold, moment, held)
    loads = decay(fold.loads, calm, settings.half_life_days)
    tallies = decay(fold.signs.tallies, calm, settings.half_life_days)
    begins = memory is not fold.memory and begins_contact(fold.memory, entry, at, settings.pauses)
    signs = signs_after(fold.signs, tallies, moment, begins_contact=begins)
    draft = FoldDraft(fold, moment, loads, signs, settings.fitted)
    fired = _take(draft, held, late, moment)
    talk = talk_of(memory, entry, conversation, settings.pauses)
    memory = after(memory, entry, at, rules.terms, talk)
    return draft.fold(memory, fired, calm_since, fold.passed)


def pass_time(fold: Fold, until: int, rules: RuleSet, settings: DetectSettings) -> Fold:
    """Return the fold after time has passed: what became overdue up to `until` is judged."""
    while turn := next_overdue(fold.memory.waits, rules.terms.patience, until):
        fold = judge(fold, turn, rules, settings)
    return fold


def judge(fold: Fold, turn: Overdue, rules: RuleSet, settings: DetectSettings) -> Fold:
    """Return the fold after the rules on what is overdue next have judged it."""
    at, entry = max(turn.at, fold.at), turn.wait.entry.on_promise(turn.wait.promises)
    memory, habit = after_judgement(fold.memory, turn, rules.terms)
    moment = Moment(entry, at, memory, tuple(fold.open), 0.0, settings.threshold, habit=habit)
    early, late = rules.stages_on_overdue(turn.wait.kind, turn.patience)
    held = early.holding(moment)
    draft = FoldDraft(fold, moment, dict(fold.loads), fold.signs, settings.fitted)
    fired = _take(draft, held, late, moment)
    since = at if _weighs(held) else fold.calm_since
    return draft.fold(memory, fired, since, at)


def _take(draft: FoldDraft, held: tuple[Rule, ...], late: Stage, moment: Moment) -> tuple[str, ...]:
    """Have the rules take effect that hold, then those that read the risk; return their names."""
    draft.take(held, moment)
    if late.rules:
        grave = bool(draft.open) and draft.has_grave(but=late.causes)
        held_late = late.holding(moment.with_risk(draft.risk, grave_alert=grave))
        draft.take(held_late, moment)
        held = (*held, *held_late)
    return tuple([rule.name for rule in held])


def _calm(fold: Fold, moment: Moment, held: tuple[Rule, ...]) -> tuple[int, int]:
    """Return the microseconds of calm that an event ends, and since when it is calm from then on.

    `held` are the early rules that hold at it; none of them reads the risk. Only ordinary life
    shows that it was calm: silence alone, a record of a system, or an event on which a rule with a
    weight holds does not.
    """
    since, at = fold.at if fold.calm_since is None else fold.calm_since, moment.at
    if _weighs(held):
        return 0, at
    ordinary = moment.entry.is_ordinary and not is_changed(moment.memory.habits)
    return (at - since, at) if ordinary else (0, since)


def _weighs(held: tuple[Rule, ...]) -> bool:
    return bool(held) and any(rule.weight for rule in held)
