"""Compiled rules, and the joint evaluation of their conditions at an event."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from cel_expr_python import cel

from pipeline.common.languages import Language
from pipeline.detection.expression import STEPS, Node
from pipeline.detection.membership import Asked, asked_of
from pipeline.detection.moment import Moment
from pipeline.model.alert import Severity
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored

Get = Callable[[Moment], Any]

REMEMBERED = 1_024
"""Maximum number of cases whose verdicts a stage caches."""

LONGEST_PROGRAM = 50_000
"""Maximum length of the conditions of a program; CEL allows 100,000 characters."""

_STRING = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
_CUT = (
    r"(?:(?P<literal>-?\d+\.\d+)"
    r"|customer\s*\.\s*risk_threshold(?:\s*(?P<operator>[*/])\s*(?P<factor>(?!0+\.0+\b)\d+\.\d+))?)"
)
_UNUSUAL_STRING = re.compile(r"""\\|\"\"\"|'''""")


class Rule(msgspec.Struct, frozen=True):
    """A compiled rule.

    `tree` is that of the condition, `fields` are those that it reads, `words` its string literals
    (intents among them select the quote to show), `steps` its maximum cost. `cool_down` is in
    microseconds. `titles` belong to the alert that it opens, or explain why the alerts that it
    closes ended. A rule with `waits` judges no events but these kinds of waits, `patience`
    microseconds after they were due. `in_danger`: its alert says that the customer may be in
    danger. `lost`: what it closes ends because the customer was lost.
    """

    name: str
    condition: str
    program: Any
    tree: Node
    fields: frozenset[str]
    words: frozenset[str]
    steps: int
    weight: float
    cool_down: int
    cause: str | None
    severity: Severity
    titles: dict[str, str]
    playbooks: dict[Language, str]
    in_danger: bool
    relief: float
    closes: tuple[str, ...]
    lost: bool
    events: frozenset[EventType]
    fires: tuple[tuple[Scored, ...], ...]
    silent: tuple[tuple[Scored, ...], ...]
    waits: frozenset[str]
    patience: int

    @property
    def is_relief(self) -> bool:
        """Whether the rule reduces load rather than adds it."""
        return bool(self.relief or self.closes)


class Pack(NamedTuple):
    """Rules whose conditions form one CEL program, a list, since each call of CEL is expensive."""

    rules: tuple[Rule, ...]
    program: Any


class Stage:
    """Rules that are evaluated together on the fields that any of them reads.

    Verdicts are cached by case: conditions are functions of their fields. A number that is only
    compared with literals, or parts of the threshold, matters only by its side of each of these; a
    list that is only asked for some names matters by which of them it has.

    A rule that fails on an event does not hold there, and is set aside: it is evaluated separately
    from then on, so that the others stay together. That changes no verdict. `failed` holds the
    first reason by rule.
    """

    def __init__(
        self,
        rules: tuple[Rule, ...],
        getters: Mapping[str, Get],
        env: cel.Env,
        failed: dict[str, str],
    ) -> None:
        self.rules = rules
        self.causes = frozenset(rule.cause for rule in rules)
        reading = {name: [rule for rule in rules if name in rule.fields] for name in getters}
        self._getters = {name: getters[name] for name, some in sorted(reading.items()) if some}
        self._case = [_seen(name, get, reading[name]) for name, get in self._getters.items()]
        places = {rule.name: place for place, rule in enumerate(rules)}
        self._order = lambda rule: places[rule.name]
        self._env, self._failed = env, failed
        self._packs = [self._pack(some) for some in _shared_out(rules)]
        self._known: dict[tuple[Any, ...], tuple[Rule, ...]] = {}

    def holding(self, moment: Moment) -> tuple[Rule, ...]:
        """Return the rules whose condition holds; a failing condition does not."""
        if not self.rules:
            return ()
        case = tuple([get(moment) for get in self._case])
        held = self._known.get(case)
        if held is None:
            if len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            held = self._known[case] = self._evaluate(moment)
        return held

    def context(self, moment: Moment) -> cel.Activation:
        """Return the variables of the conditions."""
        values = ((name, get(moment)) for name, get in self._getters.items())
        variables = {
            name: list(value) if isinstance(value, tuple) else value for name, value in values
        }
        return self._env.Activation(variables)

    def _evaluate(self, moment: Moment) -> tuple[Rule, ...]:
        context = self.context(moment)
        held = [rule for pack in self._packs for rule in self._holding(pack, context)]
        return tuple(sorted(held, key=self._order) if len(self._packs) > 1 else held)

    def _holding(self, pack: Pack, context: cel.Activation) -> Iterable[Rule]:
        try:
            verdicts = pack.program.eval(context).plain_value()
        except Exception:  # CEL raises whatever stopped it
            verdicts = None
        if not isinstance(verdicts, list):  # an error in one condition replaces the list
            verdicts = [self._verdict(rule, context) for rule in pack.rules]
            self._set_aside(pack, verdicts)
        return [rule for rule, holds in zip(pack.rules, verdicts, strict=True) if holds is True]

    def _verdict(self, rule: Rule, context: cel.Activation) -> object:
        try:
            verdict = rule.program.eval(context).plain_value()
        except Exception as error:
            verdict = str(error)
        if not isinstance(verdict, bool):
            reason, *_ = str(verdict).split(" : '")  # the rest quotes the event
            self._failed.setdefault(rule.name, reason)
        return verdict

    def _set_aside(self, pack: Pack, verdicts: Sequence[object]) -> None:
        judged = zip(pack.rules, verdicts, strict=True)
        aside = {rule.name for rule, holds in judged if not isinstance(holds, bool)}
        fit = tuple(rule for rule in pack.rules if rule.name not in aside)
        if fit and aside:
            apart = [fit, *[(rule,) for rule in pack.rules if rule.name in aside]]
            others = [other for other in self._packs if other is not pack]
            self._packs = [*others, *map(self._pack, apart)]

    def _pack(self, rules: tuple[Rule, ...]) -> Pack:
        return Pack(rules, self._env.compile(listed(rule.condition for rule in rules)))


def listed(conditions: Iterable[str]) -> str:
    """Return the CEL list of conditions, each of which may end in a comment."""
    return "[" + ",".join(f"({condition}\n)" for condition in conditions) + "]"


def _shared_out(rules: Iterable[Rule]) -> Iterator[tuple[Rule, ...]]:
    """Group rules into programs that CEL can compile and evaluate within its budget."""
    pack: list[Rule] = []
    for rule in rules:
        steps = sum(other.steps for other in pack) + rule.steps
        length = sum(len(other.condition) for other in pack) + len(rule.condition)
        if pack and (steps > STEPS or length > LONGEST_PROGRAM):
            yield tuple(pack)
            pack = []
        pack.append(rule)
    yield tuple(pack)


class Cut(NamedTuple):
    """A number that a condition compares a field with: a literal, or one times the threshold."""

    value: float
    of_threshold: str = ""
    """`*` or `/` where the value multiplies or divides the threshold of the risk."""

    def at(self, threshold: float) -> float:
        """Return the number, given the threshold."""
        if self.of_threshold == "/":
            return threshold / self.value
        return threshold * self.value if self.of_threshold else self.value


def cuts_of(field: str, conditions: Iterable[str]) -> tuple[Cut, ...]:
    """Return what a number is compared with: literals, `customer.risk_threshold / 2.0` and such.

    Empty if a condition may use the field in any other way than `field >= 0.7` as a whole operand
    of `&&`, `||` or parentheses: then every value may matter.
    """
    name = r"\s*\.\s*".join(field.split("."))
    mention = re.compile(rf"\b{name}\b")
    comparison = re.compile(
        rf"(?:^|\(|&&|\|\|)\s*{name}\s*(?:[<>]=?|[=!]=)\s*{_CUT}\s*(?=$|\)|&&|\|\|)"
    )
    cuts: set[Cut] = set()
    for condition in conditions:
        code = re.sub("//.*", "", _STRING.sub('""', condition)).strip()
        found = list(comparison.finditer(code))
        if len(found) != len(mention.findall(code)) or _UNUSUAL_STRING.search(condition):
            return ()
        cuts.update(map(_cut, found))
    return tuple(sorted(cuts))


def _cut(found: re.Match[str]) -> Cut:
    if found["literal"]:
        return Cut(float(found["literal"]))
    return Cut(float(found["factor"] or 1.0), found["operator"] or "*")


def _seen(name: str, get: Get, rules: Sequence[Rule]) -> Get:
    """Return the getter of all that rules see of a field."""
    if cuts := cuts_of(name, [rule.condition for rule in rules]):
        return _side(get, cuts)
    asked = asked_of(name, [rule.tree for rule in rules])
    return _asked(get, asked) if asked else get


def _asked(get: Get, asked: Asked) -> Get:
    """Return the getter of which names a list has, and of how many if that is asked."""
    names_in = lru_cache(maxsize=REMEMBERED)(asked.names.intersection)
    if asked.counts:
        return lambda moment: (names_in(items := get(moment)), len(items))
    return lambda moment: names_in(get(moment))


def _side(get: Get, cuts: tuple[Cut, ...]) -> Get:
    """Return the getter of the position of a number among the cuts."""
    # The threshold is a setting, so there is one.
    numbers = lru_cache(maxsize=4)(lambda threshold: sorted(cut.at(threshold) for cut in cuts))

    def side(moment: Moment) -> int | None:
        value, marks = get(moment), numbers(moment.risk_threshold)
        # A number for each cut and each gap between cuts; None for NaN.
        if value < marks[0]:
            return 0
        return bisect_left(marks, value) + bisect_right(marks, value) if value == value else None

    return side
