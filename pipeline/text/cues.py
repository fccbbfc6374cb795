"""Turns of phrase that say which label a text has, whatever its words are.

A company's reply is nobody's feeling, a denied fault is praise, praise for a failure is irony:
models that learnt from single words and from other people's texts miss these.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.reading import LABELS, Label
from pipeline.text import lexicon
from pipeline.text.normalise import Folded
from pipeline.text.phrases import Phrases, patterns, words_of

REACH: Final = 160
"""Characters of a text for which one cue speaks: in a longer one it may be somebody else's."""


class Cue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases for a `label`, and the `log_odds` (nats) that they add to its score."""

    title: lexicon.Titles
    label: Label
    log_odds: float
    phrases: list[str]


class Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cues by name; see the file for how phrases are written."""

    parts: dict[str, str]
    cues: dict[str, Cue]


LEXICON: Final = lexicon.load("cues", Lexicon)
_PHRASES: Final = Phrases(
    patterns({name: cue.phrases for name, cue in LEXICON.cues.items()}, LEXICON.parts)
)
_ROWS: Final = {name: row for row, name in enumerate(LEXICON.cues)}
_SHARES: Final = np.zeros((len(LABELS), len(_ROWS)))  # of each cue, to each label
for _row, _cue in enumerate(LEXICON.cues.values()):
    _SHARES[LABELS.index(_cue.label), _row] = _cue.log_odds

VERSION: Final = hashlib.sha256(msgspec.json.encode(LEXICON)).hexdigest()[:4]
"""Changes with the cues."""


def find_cues(folded: Folded) -> Iterator[tuple[str, int, int]]:
    """Yield (name, start, end) of each cue, places of the folded batch."""
    return _PHRASES.find(words_of(folded), overlapping=True)


def leanings(folded: Folded) -> NDArray[np.float64]:
    """Return shape (texts, 3): what the cues of each text add to the scores of the labels."""
    found = [(_ROWS[name], start) for name, start, _ in find_cues(folded)]
    counts = np.zeros((len(_ROWS), len(folded.starts)))
    if found:
        rows, places = zip(*found, strict=True)
        np.add.at(counts, (rows, folded.owners(places)), 1.0)
    lengths = np.diff(folded.starts, append=len(folded.codes))
    heard = np.minimum(counts * REACH / lengths, 1.0)
    strongest: NDArray[np.float64] = (_SHARES[:, :, None] * heard).max(axis=1).T
    return strongest
