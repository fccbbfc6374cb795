"""Splits texts into clauses: at sentence ends, line breaks, commas and conjunctions."""

from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.text import lexicon
from pipeline.text.normalise import PICTURES, Folded
from pipeline.text.phrases import Phrases, Words, patterns


class Conjunctions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that begin a clause, and words that end one."""

    before: list[str]
    after: list[str]


_CONJUNCTIONS: Final = Phrases(
    patterns(
        msgspec.to_builtins(lexicon.load("clauses", Conjunctions)),
        parts={},
    )
)


def _table(signs: str) -> NDArray[np.bool_]:
    table = np.zeros(max(map(ord, signs)) + 2, dtype=np.bool_)  # the last is for all beyond it
    table[list(map(ord, signs))] = True
    return table


_ENDS: Final = _table(".!?;…")
_PAUSES: Final = _table("," + "".join(picture.token for picture in PICTURES.values()))
_FEW: Final = 2
"""Minimum words of a clause beside a pause; shorter ones are list items."""


class Clauses(NamedTuple):
    """The clauses of a folded batch in order; clause k is `[starts[k], stops[k])`."""

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def spans(self, folded: Folded) -> list[tuple[int, int, int]]:
        """Return the text of each clause, and its original characters in it."""
        texts = folded.owners(self.starts)
        origins = folded.typed.starts[texts] + 1
        firsts, lasts = folded.places[self.starts] - origins, folded.places[self.stops] - origins
        return list(zip(texts.tolist(), firsts.tolist(), lasts.tolist(), strict=True))


def clauses_of(folded: Folded, words: Words) -> Clauses:
    """Return the clauses; each begins with a word and none crosses the end of a text."""
    if not len(words.places):
        return Clauses(words.places, words.places)
    lines = np.cumsum(folded.typed.codes == ord("\n"))[folded.places[words.places]]
    begins = _rises(lines) | _rises(_seen_before(words, _ENDS, folded))
    for kind, start, end in _CONJUNCTIONS.find(words):
        word = np.searchsorted(words.places, start if kind == "before" else end)
        begins[word : word + 1] = True  # no word may follow
    pauses = _rises(_seen_before(words, _PAUSES, folded)) & ~begins
    firsts = np.flatnonzero(begins | pauses)
    lengths = np.diff(firsts, append=len(begins))
    short = (lengths < _FEW) | (np.roll(lengths, 1) < _FEW)
    starts = words.places[firsts[begins[firsts] | ~short]]
    texts = folded.owners(starts)
    ends = np.append(folded.starts[1:], len(folded.codes))[texts] - 1
    stops = np.minimum(np.append(starts[1:], len(folded.codes)), ends)
    for sign in " ,":
        stops = stops - (folded.codes[stops - 1] == ord(sign))
    return Clauses(starts, stops)


def _seen_before(words: Words, table: NDArray[np.bool_], folded: Folded) -> NDArray[np.int64]:
    """Return, for each word, how many characters of the table precede it."""
    found = table.take(folded.codes, mode="clip")
    # 1.620 is a number, and none of its points ends anything.
    digit = folded.codes - ord("0") < 10
    found[1:-1] &= ~(digit[:-2] & digit[2:])
    seen: NDArray[np.int64] = np.cumsum(found, dtype=np.int64)[words.places]
    return seen


def _rises(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark where a count increases, and the first element."""
    rises: NDArray[np.bool_] = np.diff(counts, prepend=-1) > 0
    return rises
