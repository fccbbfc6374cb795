"""The results of an evaluation, as stored in docs/evaluation.json."""

import msgspec

from evaluation.curve import Point
from evaluation.measures import Interval, Measures
from pipeline.common.languages import Language


class Challenge(msgspec.Struct, frozen=True):
    """Accuracy on the challenge items, by category and on average over categories."""

    categories: dict[str, Interval]
    mean: Interval


class Report(msgspec.Struct, frozen=True):
    """The results of a system, in the languages that it supports.

    `rate`: texts of tweet length per second and core. `challenges`: by language, and `all` if it
    supports all. `kept`: share of texts that keep their label, by set and distortion.
    """

    version: str
    rate: Interval
    sets: dict[str, Measures]
    challenges: dict[str, Challenge]
    kept: dict[str, dict[str, Interval]]


class Measured(msgspec.Struct, frozen=True):
    """A set, with the number of texts measured."""

    language: Language
    texts: str
    count: int


class Processor(msgspec.Struct, frozen=True):
    """Rates (texts per second and core) and accuracies by engine, on a kind of processors.

    Of `answers`, `other_labels` differ from the first kind's; probabilities differ by `difference`
    on average.
    """

    rates: dict[str, float]
    accuracies: dict[str, float]
    answers: int
    other_labels: int
    difference: float


class Results(msgspec.Struct, frozen=True):
    """A whole run. `missing` names what was requested but unavailable; `curve` is by set.

    `processors` is by kind, starting with the reference; empty if only this machine's was measured.
    """

    date: str
    machine: dict[str, str | int]
    sets: dict[str, Measured]
    systems: dict[str, Report]
    missing: list[str]
    curve: dict[str, list[Point]]
    processors: dict[str, Processor] = {}
