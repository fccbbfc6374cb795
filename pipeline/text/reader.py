"""Texts in, readings out: all that is understood of a batch."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.reading import LABELS, Label, Probabilities, Reading
from pipeline.text.engine import Engine
from pipeline.text.fast import FastEngine
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

    def read(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[Reading]:
        """Return one reading a text, in order.

        A language that is given (`tr`, `tr-TR`) wins over detection. A text without words or emoji
        (empty, only a link) is neutral with low certainty. Raises ValueError where the two
        sequences differ in length.
        """
        if len(texts) != len(languages):
            raise ValueError(f"{len(texts)} texts, but {len(languages)} languages")
        folded = fold(texts)
        words = words_of(folded)
        rows = self._probabilities(texts, folded)
        labels = _labels(rows)
        signs = signs_of(folded, words)
        intents = find_intents(folded, words, [label == "negative" for label in labels])
        detected = iter(detect([t for t, given in zip(texts, languages, strict=True) if not given]))
        engine, version = self._engine.name, self._engine.version
        return [
            Reading(label, Probabilities(*row), force, language, engine, version, *found)
            for label, row, force, language, *found in zip(
                labels,
                rows.tolist(),
                intensities(signs, rows).tolist(),
                [_primary(given) if given else next(detected) for given in languages],
                intents,
                anger_levels(signs, rows).tolist(),
                urgency_levels(folded, words, intents, rows).tolist(),
                find_topics(texts, folded, words, labels, self._clause_labels),
                strict=True,
            )
        ]

    def _clause_labels(self, clauses: Sequence[str]) -> list[Label]:
        return _labels(self._engine.probabilities(clauses))

    def _probabilities(self, texts: Sequence[str], folded: Folded) -> NDArray[np.float64]:
        rows: NDArray[np.float64] = self._engine.probabilities(texts, folded).astype(float)
        rows = (rows / rows.sum(axis=1, keepdims=True)).clip(0.0, 1.0)
        lines = folded.text.split("\n")[: len(texts)]
        rows[[_SAYS_SOMETHING.search(line) is None for line in lines]] = _NOTHING_SAID
        return rows


def load_engine(
    name: str, *, hf_model: str | None = None, hf_labels: Mapping[str, Label] | None = None
) -> Engine:
    """Return the engine called `name`: `fast`, or `hf` with `hf_model` a folder or a hub name.

    `hf_labels` maps the model's labels to ours; it may be left out where they have the same names.
    Raises ValueError for an unknown name or a wrong setting, ImportError where the extra is not
    installed.
    """
    if name == "fast":
        return FastEngine.load()
    if name != "hf":
        raise ValueError(f"There is no engine {name!r}: choose fast or hf.")
    if not hf_model:
        raise ValueError("The engine hf needs a model: a folder or a name on the Hugging Face hub.")
    from pipeline.text.hf import HuggingFaceEngine  # slow to import, and an extra

    return HuggingFaceEngine(hf_model, hf_labels)


def _labels(rows: NDArray[Any]) -> list[Label]:
    return [LABELS[label] for label in rows.argmax(axis=1).tolist()]


def _primary(language: str) -> str:
    return language.strip().lower().replace("_", "-").partition("-")[0]
