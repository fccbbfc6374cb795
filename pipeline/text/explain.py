"""Explains a reading by occlusion: how the label changes without each word."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from pipeline.common.titles import Titles
from pipeline.model.reading import LABELS, Label, Reading
from pipeline.text.cues import LEXICON, find_cues
from pipeline.text.engine import Engine
from pipeline.text.intensity import STATED, find_stated
from pipeline.text.normalise import Folded, fold
from pipeline.text.own_words import own_words
from pipeline.text.phrases import words_of
from pipeline.text.reader import Reader

MAX_PARTS: Final = 60
"""Most parts of a text; beyond it, adjacent words are occluded together."""
STRONG, WEAK = 1.0, 0.25
"""Log-odds from which a part counts as evidence for or against the label."""
TITLES: Final[Mapping[str, Titles]] = {
    name: cue.title for name, cue in LEXICON.cues.items()
} | STATED
"""Titles of cues, by name."""
_WORD: Final = re.compile(r"\S+")
_LEAST: Final = 1e-6


class Part(msgspec.Struct, frozen=True, gc=False):
    """Adjacent words; `[start, end)` are characters of the text.

    `weight` is by how much the log-odds of the reading's label fall without them: above 0 they
    speak for the label, below 0 against it.
    """

    start: int
    end: int
    weight: float

    @property
    def says(self) -> Literal["strong", "weak", "against", ""]:
        """The weight to display: strongly or weakly for the label, against it, or none."""
        if self.weight <= -WEAK:
            return "against"
        if self.weight < WEAK:
            return ""
        return "strong" if self.weight >= STRONG else "weak"


class FoundCue(msgspec.Struct, frozen=True, gc=False):
    """A cue for a label; `[start, end)` are characters of the text.

    Of `cues.LEXICON`, or one by which authors say that they are angry (`consistency`).
    """

    name: str
    label: Label
    start: int
    end: int


class Explanation(msgspec.Struct, frozen=True):
    """A reading, the effect of each part on its label, and the cues in order."""

    reading: Reading
    parts: tuple[Part, ...]
    cues: tuple[FoundCue, ...] = ()


def explain(text: str, engine: Engine, language: str | None = None) -> Explanation:
    """Read a text with and without each of its parts (occlusion; Zeiler and Fergus 2014).

    Under `auto` the engine that gave the reading reads all of them. Never raises on a text.
    """
    reader = Reader(engine)
    (reading,) = reader.read([text], [language])
    own = own_words(text)
    spans, said = list(parts_of(own.text)), own.text
    folded = fold([said])
    (said_by,) = reader.judge([said], [language]).by
    versions = [said, *(f"{said[:start]} {said[end:]}" for start, end in spans)]
    languages = [reading.language] * len(versions)
    shares = said_by.probabilities(versions, None, languages)[:, LABELS.index(reading.label)]
    whole, *without = _log_odds(shares).tolist()
    return Explanation(
        reading,
        tuple(
            Part(*own.place(start, end), whole - left)
            for (start, end), left in zip(spans, without, strict=True)
        ),
        tuple(
            replace(cue, start=start, end=end)
            for cue in (*(_cues_of(folded) if said_by.hears_cues else ()), *_stated_in(folded))
            for start, end in [own.place(cue.start, cue.end)]
        ),
    )


def _cues_of(folded: Folded) -> Iterator[FoundCue]:
    said: dict[str, int] = {}
    for _, name, start, end in find_cues(folded):
        if start >= said.get(name, 0):  # else it is part of the last one of its name
            said[name] = end
            _, first, last = folded.span(start, end)
            yield FoundCue(name, LEXICON.cues[name].label, first, last)


def _stated_in(folded: Folded) -> Iterator[FoundCue]:
    for name, start, end in find_stated(words_of(folded)):
        _, first, last = folded.span(start, end)
        yield FoundCue(name, "negative", first, last)


def parts_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of words, grouped so that there are at most MAX_PARTS."""
    words = [match.span() for match in _WORD.finditer(text)]
    together = -(-len(words) // MAX_PARTS) or 1
    for first in range(0, len(words), together):
        some = words[first : first + together]
        yield some[0][0], some[-1][1]


def _log_odds(shares: NDArray[np.float32]) -> NDArray[np.float64]:
    clipped = shares.astype(float).clip(_LEAST, 1 - _LEAST)
    odds: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return odds
