"""Runs a system on the sets and measures its answers."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from evaluation.challenges import Item
from evaluation.measures import Interval, Measures, mean, measure, ratio
from evaluation.results import Challenge, Report
from evaluation.robustness import distortions, kept
from evaluation.sets import LabelledSet, sample
from evaluation.systems import System
from pipeline.common.languages import Language
from pipeline.model.reading import LABELS
from pipeline.text.engine import Engine, FloatArray

_BLOCK: Final = 128
_ROUNDS: Final = 3
_DISTORTED: Final = 500

Challenges = Mapping[str, Sequence[Item]]


def answers(system: System, sets: Mapping[str, LabelledSet]) -> dict[str, FloatArray]:
    """Return the probabilities of the texts of each set in a supported language."""
    return {
        name: system.engine.probabilities(labelled.texts)
        for name, labelled in sets.items()
        if labelled.origin.language in system.languages
    }


def report(
    system: System,
    answered: Mapping[str, FloatArray],
    sets: Mapping[str, LabelledSet],
    challenges: Challenges,
    timed: Mapping[Language, Sequence[str]],
    seed: int,
) -> Report:
    """Measure the answers to the sets, then the rest; `timed` texts are for the rate."""
    texts = [text for language in system.languages for text in timed[language]]
    return Report(
        version=system.engine.version,
        rate=rate(system.engine, sample(texts, len(texts), seed), seed),
        sets={
            name: _measures(system, probabilities, sets[name], seed)
            for name, probabilities in answered.items()
        },
        challenges=_challenges(system, challenges, seed),
        kept={
            name: _kept(system.engine, sets[name], seed)
            for name in answered
            if sets[name].origin.dev
        },
    )


def rate(
    engine: Engine,
    texts: Sequence[str],
    seed: int,
    clock: Callable[[], float] = time.process_time,
) -> Interval:
    """Return texts per second of processor time, with the best of three rounds per block."""
    blocks = [texts[i : i + _BLOCK] for i in range(0, len(texts), _BLOCK)]

    def seconds(block: Sequence[str]) -> float:
        begin = clock()
        engine.probabilities(block)
        return clock() - begin

    rounds = [[seconds(block) for block in blocks] for _ in range(_ROUNDS)]
    counts = np.array([len(block) for block in blocks], float)
    return ratio(counts, np.min(rounds, axis=0), np.random.default_rng(seed))


def _measures(
    system: System, probabilities: FloatArray, labelled: LabelledSet, seed: int
) -> Measures:
    measures = measure(probabilities, labelled.labels, np.random.default_rng(seed))
    if system.is_probabilistic:
        return measures
    return msgspec.structs.replace(measures, calibration_error=None)


def _challenges(system: System, challenges: Challenges, seed: int) -> dict[str, Challenge]:
    right = {category: _right(system.engine, items) for category, items in challenges.items()}

    def of(languages: Sequence[Language]) -> Challenge:
        chosen = {
            category: right[category][[item.language in languages for item in items]]
            for category, items in challenges.items()
        }
        there = {category: hits for category, hits in chosen.items() if len(hits)}
        rng = np.random.default_rng(seed)
        return Challenge(
            categories={category: mean([hits], rng) for category, hits in there.items()},
            mean=mean(list(there.values()), rng),
        )

    whole = {"all": of(system.languages)} if len(system.languages) > 1 else {}
    return whole | {language: of([language]) for language in system.languages}


def _right(engine: Engine, items: Sequence[Item]) -> NDArray[np.bool_]:
    labels = np.array([LABELS.index(item.label) for item in items])
    predicted = engine.probabilities([item.text for item in items]).argmax(axis=1)
    right: NDArray[np.bool_] = predicted == labels
    return right


def _kept(engine: Engine, labelled: LabelledSet, seed: int) -> dict[str, Interval]:
    texts = sample(labelled.texts, _DISTORTED, seed)
    before = engine.probabilities(texts)
    return {
        way: mean([kept(before, engine.probabilities(typed))], np.random.default_rng(seed))
        for way, typed in distortions(texts, labelled.origin.language, seed).items()
    }
