"""Texts in, readings out: language, polarity, intensity and intents of a batch."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.reading import LABELS, Label, Probabilities, Reading
from pipeline.text.engine import Engine
from pipeline.text.fast import FastEngine
from pipeline.text.intensity import intensity
from pipeline.text.intents import find_intents
from pipeline.text.language import detect
from pipeline.text.normalise import LINK, MENTION, PERSONAL, fold

_SAYS_SOMETHING: Final = re.compile(rf"[^\W_{LINK}{MENTION}{PERSONAL}]")
_NOTHING_SAID: Final = Probabilities(negative=0.25, neutral=0.5, positive=0.25)


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
        lines = str(folded).split("\n")[: len(texts)]
        detected = iter(detect([t for t, given in zip(texts, languages, strict=True) if not given]))
        spoken = self._probabilities(texts, lines)
        return [
            Reading(
                label=max(LABELS, key=lambda label: getattr(scores, label)),
                probabilities=scores,
                intensity=intensity(text, line, scores),
                language=_primary(given) if given else next(detected),
                engine=self._engine.name,
                version=self._engine.version,
                intents=intents,
            )
            for text, line, scores, given, intents in zip(
                texts, lines, spoken, languages, find_intents(folded), strict=True
            )
        ]

    def _probabilities(self, texts: Sequence[str], lines: Sequence[str]) -> list[Probabilities]:
        rows = self._engine.probabilities(texts).astype(float)
        rows /= rows.sum(axis=1, keepdims=True)
        return [
            Probabilities(*row) if _SAYS_SOMETHING.search(line) else _NOTHING_SAID
            for row, line in zip(rows.clip(0.0, 1.0).tolist(), lines, strict=True)
        ]


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


def _primary(language: str) -> str:
    return re.split("[-_]", language.strip().lower())[0]
