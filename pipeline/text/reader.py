"""Texts in, readings out: all that is understood of a batch."""

import re
import time
from collections.abc import Sequence
from math import inf
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.event import Event
from pipeline.reading import LABELS, Label, Probabilities, Reading
from pipeline.text.engine import Engine, FloatArray
from pipeline.text.intensity import anger_levels, intensities, signs_of
from pipeline.text.intents import find_intents
from pipeline.text.language import detect
from pipeline.text.normalise import LINK, MENTION, PERSONAL, Folded, fold
from pipeline.text.phrases import words_of
from pipeline.text.topics import find_topics
from pipeline.text.urgency import urgency_levels

_SAYS_SOMETHING: Final = re.compile(rf"[^\W_{LINK}{MENTION}{PERSONAL}]")
_NOTHING_SAID: Final = (0.25, 0.5, 0.25)


class Reader:
    """Reads texts with one scoring engine. Thread-safe as the engine is; never raises on a text."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_events(self, events: Sequence[Event], seconds: float = inf) -> list[Reading | None]:
        """Return one reading an event, in order; None where it has no text. See `read`."""
        spoken = [event for event in events if event.text]
        readings = iter(
            self.read([one.text or "" for one in spoken], [one.language for one in spoken], seconds)
        )
        return [next(readings) if event.text else None for event in events]

    def read(
        self, texts: Sequence[str], languages: Sequence[str | None], seconds: float = inf
    ) -> list[Reading]:
        """Return one reading a text, in order.

        `seconds` is how long an engine may take that can do with less; `Reading.hurried` says where
        it had to.

        A language that is given (`tr`, `tr-TR`) wins over detection. A text without words or emoji
        (empty, only a link) is neutral with low certainty. Raises ValueError where the two
        sequences differ in length.
        """
        if len(texts) != len(languages):
            raise ValueError(f"{len(texts)} texts, but {len(languages)} languages")
        folded = fold(texts)
        words = words_of(folded)
        known = _known(texts, languages)
        begin = time.monotonic()
        judged = self._engine.judge(texts, folded, known, seconds)
        rows = _certain(judged.probabilities, folded, len(texts))
        labels = _labels(rows)

        def of_clauses(clauses: Sequence[str], owners: Sequence[int]) -> list[Label]:
            left = max(0.0, seconds - (time.monotonic() - begin))
            spoken = [known[text] for text in owners]
            return _labels(self._engine.judge(clauses, None, spoken, left).probabilities)

        signs = signs_of(folded, words)
        intents = find_intents(folded, words, [label == "negative" for label in labels])
        return [
            Reading(label, Probabilities(*row), force, language, by.name, by.version, *found)
            for by, label, row, force, language, *found in zip(
                judged.by,
                labels,
                rows.tolist(),
                intensities(signs, rows).tolist(),
                known,
                intents,
                anger_levels(signs, rows).tolist(),
                urgency_levels(folded, words, intents, rows).tolist(),
                find_topics(texts, folded, words, labels, of_clauses),
                judged.hurried,
                strict=True,
            )
        ]


def _certain(probabilities: FloatArray, folded: Folded, texts: int) -> NDArray[np.float64]:
    """Return shares that sum to 1, near even where a text says nothing."""
    rows: NDArray[np.float64] = probabilities.astype(float)
    rows = (rows / rows.sum(axis=1, keepdims=True)).clip(0.0, 1.0)
    lines = folded.text.split("\n")[:texts]
    rows[[_SAYS_SOMETHING.search(line) is None for line in lines]] = _NOTHING_SAID
    return rows


def _labels(rows: NDArray[Any]) -> list[Label]:
    return [LABELS[label] for label in rows.argmax(axis=1).tolist()]


def _known(texts: Sequence[str], languages: Sequence[str | None]) -> list[str]:
    """Return the languages as they are given, else as they are found."""
    found = iter(detect([t for t, given in zip(texts, languages, strict=True) if not given]))
    return [_primary(given) if given else next(found) for given in languages]


def _primary(language: str) -> str:
    return language.strip().lower().replace("_", "-").partition("-")[0]
