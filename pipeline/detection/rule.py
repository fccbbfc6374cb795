"""A compiled rule, and the evaluation of the conditions of many at one event."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec
from cel_expr_python import cel

from pipeline.alert import Severity
from pipeline.detection.facts import Moment
from pipeline.event import EventType
from pipeline.reading import Scored

Language = Literal["tr", "en"]
Get = Callable[[Moment], Any]

REMEMBERED = 1_024
"""Most cases for which a stage remembers which of its rules hold."""

STRING = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
"""A string in a condition, with its quotes."""
_UNUSUAL_STRING = re.compile(r"""\\|\"\"\"|'''""")


class Rule(msgspec.Struct, frozen=True):
    """A compiled rule.

    `fields` are those that the condition reads, `words` the strings it quotes (the intents among
    them choose the span of the text to show). `cool_down` is in microseconds.
    """

    name: str
    condition: str
    program: Any
    fields: frozenset[str]
    words: frozenset[str]
    weight: float
    cool_down: int
    cause: str | None
    severity: Severity
    titles: dict[str, str]
    playbooks: dict[Language, str]
    relief: float
    closes: tuple[str, ...]
    events: frozenset[EventType]
    fires: tuple[tuple[Scored, ...], ...]
    silent: tuple[tuple[Scored, ...], ...]

    @property
    def is_relief(self) -> bool:
        """Whether it takes load away rather than adds it."""
        return bool(self.relief or self.closes)


class Stage:
    """Rules that are evaluated together on the fields that any of them reads.

    What held is remembered by case: conditions are functions of their fields, and of a number that
    they only compare with literals they see no more than on which side of each it lies. What is
    new is one CEL program, the list of all conditions: the way to CEL and back costs more than
    they do.
    """

    def __init__(self, rules: tuple[Rule, ...], getters: Mapping[str, Get], env: cel.Env) -> None:
        self.rules = rules
        # A name with more parts than the field it starts with is a call on that field.
        self._fields = sorted(name for name in getters if any(_reads(rule, name) for rule in rules))
        self._getters = [getters[name] for name in self._fields]
        conditions = [rule.condition for rule in rules]
        self._case = [_seen(getters[name], cuts_of(name, conditions)) for name in self._fields]
        self._env = env
        listed = ",".join(f"({condition}\n)" for condition in conditions)  # may end in a comment
        self._program = env.compile(f"[{listed}]")
        self._known: dict[tuple[Any, ...], tuple[Rule, ...]] = {}

    def holding(self, moment: Moment) -> tuple[Rule, ...]:
        """Return the rules whose condition holds; one that fails to evaluate does not."""
        case = tuple([get(moment) for get in self._case])
        held = self._known.get(case)
        if held is None:
            if len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            held = self._known[case] = self._evaluate(moment)
        return held

    def _evaluate(self, moment: Moment) -> tuple[Rule, ...]:
        values = (get(moment) for get in self._getters)
        given = (list(value) if isinstance(value, tuple) else value for value in values)
        context = self._env.Activation(dict(zip(self._fields, given, strict=True)))
        verdicts = self._program.eval(context).plain_value()
        if not isinstance(verdicts, list):  # an error in one is an error of the list
            verdicts = [rule.program.eval(context).plain_value() for rule in self.rules]
        judged = zip(self.rules, verdicts, strict=True)
        return tuple(rule for rule, holds in judged if holds is True)


def cuts_of(field: str, conditions: Iterable[str]) -> tuple[float, ...]:
    """Return the literals that a number is compared with, sorted.

    Empty where a condition may read it in any other way than `field >= 0.7` as a whole operand of
    `&&`, `||` or brackets: then nothing can be said of what it sees.
    """
    name = r"\s*\.\s*".join(field.split("."))
    mention = re.compile(rf"\b{name}\b")
    comparison = re.compile(
        rf"(?:^|\(|&&|\|\|)\s*{name}\s*(?:[<>]=?|[=!]=)\s*(-?\d+\.\d+)\s*(?=$|\)|&&|\|\|)"
    )
    cuts: set[float] = set()
    for condition in conditions:
        code = re.sub("//.*", "", STRING.sub('""', condition)).strip()
        literals = comparison.findall(code)
        if len(literals) != len(mention.findall(code)) or _UNUSUAL_STRING.search(condition):
            return ()
        cuts.update(map(float, literals))
    return tuple(sorted(cuts))


def _seen(get: Get, cuts: tuple[float, ...]) -> Get:
    """Return the getter of what conditions see: the value, or where it lies among the cuts."""
    if not cuts:
        return get

    def side(moment: Moment) -> int | None:
        value = get(moment)
        # A number for each cut and for each gap between them; NaN is in none of them.
        return bisect_left(cuts, value) + bisect_right(cuts, value) if value == value else None

    return side


def _reads(rule: Rule, name: str) -> bool:
    return any(read == name or read.startswith(f"{name}.") for read in rule.fields)
