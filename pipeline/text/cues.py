"""Phrases that decide the label of a text whatever its other words are.

A company's reply is nobody's feeling, a denied fault is praise, praise for a failure is irony:
models that learnt from single words and from other people's texts miss these.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.common.titles import Titles
from pipeline.model.reading import LABELS, Label
from pipeline.text import lexicon
from pipeline.text.normalise import Folded
from pipeline.text.phrases import Phrases, anywhere, patterns, words_of

REACH: Final = 160
"""Characters that a cue speaks for; in a longer text it may concern somebody else."""


class Cue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases for a `label`, and the log-odds (nats) that they add to its score.

    A text that has one of the phrases of `unless` does not have the cue.
    """

    title: Titles
    label: Label
    log_odds: float
    phrases: list[str]
    unless: list[str] = []


class CueLexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cues by name; the file explains how phrases are written."""

    parts: dict[str, str]
    cues: dict[str, Cue]


def version_of(cues: CueLexicon, reach: int) -> str:
    """Return a four-digit hash that changes whenever the effect of the cues could change."""
    heard = [(cue.label, cue.log_odds, cue.phrases, cue.unless) for cue in cues.cues.values()]
    return hashlib.sha256(msgspec.json.encode((reach, cues.parts, heard))).hexdigest()[:4]


LEXICON: Final = lexicon.load("cues", CueLexicon)
_CUES: Final = LEXICON.cues
_PHRASES: Final = Phrases(
    patterns({name: cue.phrases for name, cue in _CUES.items()}, LEXICON.parts)
)
_UNLESS: Final = {
    name: unless for name, cue in _CUES.items() if (unless := anywhere(cue.unless, LEXICON.parts))
}
_ROWS: Final = {name: row for row, name in enumerate(_CUES)}
_SHARES: Final = np.array(  # of each cue, to each label
    [[cue.log_odds * (cue.label == label) for cue in _CUES.values()] for label in LABELS]
)

VERSION: Final = version_of(LEXICON, REACH)


class Found(NamedTuple):
    """A cue of text number `text` at `[start, end)` in the folded batch."""

    text: int
    name: str
    start: int
    end: int


def find_cues(folded: Folded) -> Iterator[Found]:
    """Yield the cues of a batch, in order."""
    bounds = [*folded.starts.tolist(), len(folded.codes)]

    @cache
    def is_heard(name: str, text: int) -> bool:
        return not _UNLESS[name].search(folded.text, bounds[text], bounds[text + 1])

    found = list(_PHRASES.find(words_of(folded), overlapping=True))
    texts = folded.owners([start for _, start, _ in found]).tolist()
    for text, (name, start, end) in zip(texts, found, strict=True):
        if name not in _UNLESS or is_heard(name, text):
            yield Found(text, name, start, end)


def leanings(folded: Folded) -> NDArray[np.float64]:
    """Return the log-odds that the cues add to each label, shape (texts, 3)."""
    found = [(_ROWS[cue.name], cue.text) for cue in find_cues(folded)]
    counts = np.zeros((len(_ROWS), len(folded.starts)))
    if found:
        np.add.at(counts, tuple(zip(*found, strict=True)), 1.0)
    heard = np.minimum(counts * REACH / folded.lengths, 1.0)
    strongest: NDArray[np.float64] = (_SHARES[:, :, None] * heard).max(axis=1).T
    return strongest
