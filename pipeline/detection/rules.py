"""Loads the detection rules of rules/*.yaml, compiled and type-checked before any event."""

import copy
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from cel_expr_python import cel
from msgspec.structs import replace

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendars
from pipeline.detection.compiled import compiled, environment, getters
from pipeline.detection.rule import Rule, Stage
from pipeline.detection.rule_file import LARGEST_FILE, RuleError, RuleSource
from pipeline.detection.waits import Terms
from pipeline.model.event_types import EventType

__all__ = ["Rule", "RuleBook", "RuleError", "RuleSet", "load_rules"]


ALL = "all"
"""What a relief closes that closes the alerts of all causes but dangers."""


class RuleSet:
    """A set of rules; `version` changes with any change of their files.

    Rules that read `customer.risk` form a second stage, evaluated after the weights of the first
    are added. Within a stage reliefs come last. `failed` holds rules that failed on an event, with
    the reason. `terms` are what is waited for goes by.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        env: cel.Env,
        attributes: dict[str, str],
        version: str,
        calendars: Calendars = AROUND_THE_CLOCK,
    ) -> None:
        self.version = version
        self.rules = tuple(sorted(rules, key=lambda rule: (rule.is_relief, rule.name)))
        self.attributes = tuple(sorted(attributes))
        self.by_name = {rule.name: rule for rule in self.rules}
        self.by_cause = {rule.cause: rule for rule in reversed(self.rules) if rule.cause}
        self.failed: dict[str, str] = {}
        get = getters(attributes)
        stages: dict[tuple[str, ...], Stage] = {}

        def stage(rules: tuple[Rule, ...]) -> Stage:
            names = tuple(rule.name for rule in rules)
            if names not in stages:
                stages[names] = Stage(rules, get, env, self.failed)
            return stages[names]

        def stages_of(looks: Callable[[Rule], bool]) -> tuple[Stage, Stage]:
            looking = [rule for rule in self.rules if looks(rule)]
            early = tuple(rule for rule in looking if "customer.risk" not in rule.fields)
            late = tuple(rule for rule in looking if "customer.risk" in rule.fields)
            return stage(early), stage(late)

        self._stages = {type_.value: stages_of(partial(_looks_at, type_)) for type_ in EventType}
        self._stages_of_others = stages_of(partial(_looks_at, None))
        turns = {(kind, rule.patience) for rule in self.rules for kind in rule.waits}
        self._stages_on_overdue = {turn: stages_of(partial(_judges, *turn)) for turn in turns}
        patience = {
            kind: tuple(sorted(some for other, some in turns if other == kind)) for kind, _ in turns
        }
        self.terms = Terms(patience, calendars)

    def stages(self, type_: str) -> tuple[Stage, Stage]:
        """Return the two stages for events of a type, known or not."""
        return self._stages.get(type_, self._stages_of_others)

    def stages_on_overdue(self, kind: str, patience: int) -> tuple[Stage, Stage]:
        """Return the stages for a wait of a kind that is overdue by a patience."""
        return self._stages_on_overdue[kind, patience]

    def judging_no_habit(self) -> "RuleSet":
        """Return these rules as if none waited for a habit."""
        other, patience = copy.copy(self), dict(self.terms.patience)
        patience.pop("habit", None)
        other.terms = self.terms._replace(patience=patience)
        return other


class RuleBook:
    """The rules in force. An invalid set is refused and the last valid one stays in force.

    `refused` is the error of the current files, None if they are in force.
    """

    def __init__(
        self, folder: Path, calendars: Calendars = AROUND_THE_CLOCK, *, demanded: bool = True
    ) -> None:
        """Load the folder. Raises RuleError, or starts without rules if they are not `demanded`."""
        self._folder, self._calendars = folder, calendars
        self.rules = RuleSet([], environment({}), {}, "")
        self.refused: RuleError | None = None
        self._looked_at = ""
        if (refused := self.reload()) and demanded:
            raise refused

    def reload(self) -> RuleError | None:
        """Put the rules of the folder in force, or return why they are refused."""
        try:
            files = _read(self._folder)
        except RuleError as error:
            self._looked_at, self.refused = "", error
            return error
        version = _version(files)
        if version == self.rules.version:
            self.refused = None
        elif version != self._looked_at:
            try:
                self.rules, self.refused = _load(files, self._calendars), None
            except RuleError as error:
                self.refused = error
        self._looked_at = version
        return self.refused


def load_rules(folder: Path, calendars: Calendars = AROUND_THE_CLOCK) -> RuleSet:
    """Load every `*.yaml` of a folder. Raises RuleError at the first error.

    `calendars` say when a customer's days end.
    """
    return _load(_read(folder), calendars)


def _load(files: Mapping[Path, bytes], calendars: Calendars) -> RuleSet:
    sources = [RuleSource(path, content) for path, content in files.items()]
    attributes = _attributes(sources)
    env = environment(attributes)
    rules: dict[str, Rule] = {}
    for source in sources:
        rule = compiled(source, env, attributes)
        if rule.name in rules:
            raise source.error("$.name", f"there is another rule named `{rule.name}`")
        rules[rule.name] = rule
    causes = {rule.cause for rule in rules.values() if rule.cause}
    dangers = {rule.cause for rule in rules.values() if rule.in_danger}
    for source in sources:
        closes = source.form.relief.closes if source.form.relief else ()
        if closes == (ALL,):
            others = tuple(sorted(causes - dangers))
            rules[source.form.name] = replace(rules[source.form.name], closes=others)
            continue
        for index, cause in enumerate(closes):
            where = f"$.relief.closes[{index}]"
            if cause not in causes:
                raise source.error(where, f"no rule opens alerts of the cause `{cause}`")
            if cause in dangers:
                raise source.error(where, f"only a person ends a danger such as `{cause}`")
    _check_days(sources)
    return RuleSet(list(rules.values()), env, attributes, _version(files), calendars)


def _check_days(sources: Iterable[RuleSource]) -> None:
    """Raise RuleError if rules differ in when a day is over: it is judged once."""
    looks: dict[str, str] = {}
    for source in sources:
        overdue = source.form.overdue
        if overdue and "habit" in overdue.waits:
            first = looks.setdefault("by", overdue.by)
            if first != overdue.by:
                reason = f"another rule judges a day {first} after its end: use the same `by`"
                raise source.error("$.overdue.by", reason)


def _read(folder: Path) -> dict[Path, bytes]:
    try:
        # Not by `glob`, for which an unreadable folder is an empty one.
        paths = sorted(path for path in folder.iterdir() if path.match("*.yaml"))
        files = {path: _content(path) for path in paths}
    except OSError as error:
        path = Path(error.filename or folder)
        raise RuleError(path, 1, f"cannot be read: {error.strerror}") from error
    if not files:
        raise RuleError(folder, 1, "the folder has no rule (*.yaml)")
    return files


def _content(path: Path) -> bytes:
    size = path.stat().st_size  # raises for a broken link
    if not path.is_file():
        raise RuleError(path, 1, "is not a file")
    if size > LARGEST_FILE:
        raise RuleError(path, 1, f"has {size:,} bytes, a rule has at most {LARGEST_FILE:,}")
    return path.read_bytes()


def _version(files: Mapping[Path, bytes]) -> str:
    digest = hashlib.sha256()
    for path, content in files.items():
        digest.update(os.fsencode(path.name) + b"\0" + content + b"\0")
    return digest.hexdigest()[:12]


def _attributes(sources: Iterable[RuleSource]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for source in sources:
        for name, type_ in source.form.attributes.items():
            if attributes.setdefault(name, type_) != type_:
                reason = f"another rule declares `{name}` as {attributes[name]}"
                raise source.error(f"$.attributes.{name}", reason)
    return attributes


def _looks_at(type_: EventType | None, rule: Rule) -> bool:
    return not rule.waits and (not rule.events or type_ in rule.events)


def _judges(kind: str, patience: int, rule: Rule) -> bool:
    """Return whether a rule looks at an overdue wait; one that looks at every event's risk does."""
    if rule.waits:
        return kind in rule.waits and patience == rule.patience
    return not rule.events and "customer.risk" in rule.fields
