"""A compiled rule, and the evaluation of the conditions of many at one event."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from cel_expr_python import cel

from pipeline.detection.expression import STEPS
from pipeline.detection.facts import Moment
from pipeline.model.alert import Severity
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored

Language = Literal["tr", "en"]
Get = Callable[[Moment], Any]

REMEMBERED = 1_024
"""Most cases for which a stage remembers which of its rules hold."""

LONGEST_PROGRAM = 50_000
"""Most characters of conditions in one program; CEL takes 100,000."""

_STRING = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
_UNUSUAL_STRING = re.compile(r"""\\|\"\"\"|'''""")


class Rule(msgspec.Struct, frozen=True):
    """A compiled rule.

    `fields` are those that the condition reads, `words` the strings it quotes (the intents among
    them choose the span of the text to show), `steps` the most that it can take. `cool_down` is in
    microseconds. `titles` are of the alert that it opens, or say why those that it closes ended.
    """

    name: str
    condition: str
    program: Any
    fields: frozenset[str]
    words: frozenset[str]
    steps: int
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


class Pack(NamedTuple):
    """Rules whose conditions are one CEL program, a list: the way to CEL and back costs more."""

    rules: tuple[Rule, ...]
    program: Any


class Stage:
    """Rules that are evaluated together on the fields that any of them reads.

    What held is remembered by case: conditions are functions of their fields, and of a number that
    they only compare with literals they see no more than on which side of each it lies.

    A rule that cannot be evaluated on an event does not hold there, and is set aside: evaluated
    apart from then on, so that the others go on together. That changes no verdict. `failed` has the
    first reason by the rule's name.
    """

    def __init__(
        self,
        rules: tuple[Rule, ...],
        getters: Mapping[str, Get],
        env: cel.Env,
        failed: dict[str, str],
    ) -> None:
        self.rules = rules
        reading = {
            name: [rule.condition for rule in rules if name in rule.fields] for name in getters
        }
        self._getters = {name: getters[name] for name, some in sorted(reading.items()) if some}
        self._case = [
            _seen(get, cuts_of(name, reading[name])) for name, get in self._getters.items()
        ]
        places = {rule.name: place for place, rule in enumerate(rules)}
        self._order = lambda rule: places[rule.name]
        self._env, self._failed = env, failed
        self._packs = [self._pack(some) for some in _shared_out(rules)]
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

    def context(self, moment: Moment) -> cel.Activation:
        """Return what conditions are evaluated on."""
        values = ((name, get(moment)) for name, get in self._getters.items())
        given = {name: list(one) if isinstance(one, tuple) else one for name, one in values}
        return self._env.Activation(given)

    def _evaluate(self, moment: Moment) -> tuple[Rule, ...]:
        context = self.context(moment)
        held = [rule for pack in self._packs for rule in self._holding(pack, context)]
        return tuple(sorted(held, key=self._order) if len(self._packs) > 1 else held)

    def _holding(self, pack: Pack, context: cel.Activation) -> Iterable[Rule]:
        try:
            verdicts = pack.program.eval(context).plain_value()
        except Exception:  # CEL raises where it gave up
            verdicts = None
        if not isinstance(verdicts, list):  # an error in one is an error of the list
            verdicts = [self._verdict(rule, context) for rule in pack.rules]
            self._set_aside(pack, verdicts)
        return [rule for rule, holds in zip(pack.rules, verdicts, strict=True) if holds is True]

    def _verdict(self, rule: Rule, context: cel.Activation) -> object:
        try:
            verdict = rule.program.eval(context).plain_value()
        except Exception as error:
            verdict = str(error)
        if not isinstance(verdict, bool):
            said, *_ = str(verdict).split(" : '")  # then comes what stands in the event
            self._failed.setdefault(rule.name, said)
        return verdict

    def _set_aside(self, pack: Pack, verdicts: Sequence[object]) -> None:
        judged = zip(pack.rules, verdicts, strict=True)
        aside = {rule.name for rule, holds in judged if not isinstance(holds, bool)}
        fit = tuple(rule for rule in pack.rules if rule.name not in aside)
        if fit and aside:
            apart = [fit, *[(rule,) for rule in pack.rules if rule.name in aside]]
            others = [one for one in self._packs if one is not pack]
            self._packs = [*others, *map(self._pack, apart)]

    def _pack(self, rules: tuple[Rule, ...]) -> Pack:
        return Pack(rules, self._env.compile(listed(rule.condition for rule in rules)))


def listed(conditions: Iterable[str]) -> str:
    """Return the CEL list of conditions, each of which may end in a comment."""
    return "[" + ",".join(f"({condition}\n)" for condition in conditions) + "]"


def _shared_out(rules: Iterable[Rule]) -> Iterator[tuple[Rule, ...]]:
    """Share rules out to programs that CEL can compile, and evaluate within its budget."""
    pack: list[Rule] = []
    for rule in rules:
        steps = sum(one.steps for one in pack) + rule.steps
        length = sum(len(one.condition) for one in pack) + len(rule.condition)
        if pack and (steps > STEPS or length > LONGEST_PROGRAM):
            yield tuple(pack)
            pack = []
        pack.append(rule)
    yield tuple(pack)


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
        code = re.sub("//.*", "", _STRING.sub('""', condition)).strip()
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
