"""What an evaluation finds, as docs/evaluation.json keeps it."""

import msgspec

from evaluation.curve import Point
from evaluation.measures import Interval, Measures
from evaluation.sets import Language


class Challenge(msgspec.Struct, frozen=True):
    """Accuracy on the challenge items: of each category, and the mean over the categories."""

    categories: dict[str, Interval]
    mean: Interval


class Report(msgspec.Struct, frozen=True):
    """What was found of one system, in the languages that it is made for.

    `rate`: texts of tweet length a second of one core. `challenges`: by language, and `all` where
    it reads all. `kept`: by set and way of typing, the share of texts that keep their label.
    """

    version: str
    rate: Interval
    sets: dict[str, Measures]
    challenges: dict[str, Challenge]
    kept: dict[str, dict[str, Interval]]


class Measured(msgspec.Struct, frozen=True):
    """A set as far as it was read."""

    language: Language
    texts: str
    count: int


class Processor(msgspec.Struct, frozen=True):
    """What engines, by name, do on a kind of processors: texts a second of one core, accuracy.

    Of `answers`, so many have another label than on the first kind; probabilities differ from
    those there by `difference` on average.
    """

    rates: dict[str, float]
    accuracies: dict[str, float]
    answers: int
    other_labels: int
    difference: float


class Results(msgspec.Struct, frozen=True):
    """A whole run. `missing` names what was asked for and not at hand; `curve` is by set.

    `processors` is by kind, the one that it was compared with first; empty where there is only
    that of this machine.
    """

    date: str
    machine: dict[str, str | int]
    sets: dict[str, Measured]
    systems: dict[str, Report]
    missing: list[str]
    curve: dict[str, list[Point]]
    processors: dict[str, Processor] = {}
