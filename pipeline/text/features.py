"""Hashed n-grams of a whole batch at once: characters, words and word stems, in numpy."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.text.normalise import SEPARATOR, Folded, is_letter

BITS: Final = 20
CHARACTER_ORDERS: Final = (2, 3, 4, 5, 6)
WORD_ORDERS: Final = (1, 2, 3)
STEM_ORDERS: Final = (2,)
STEM_LENGTH: Final = 5
"""Turkish puts suffixes on stems; the first five letters tell most words apart."""

Codes = NDArray[np.uint32]
_BASE: Final = np.uint32(0x01000193)
_MIX: Final = np.uint32(0x9E3779B1)
_POWERS: Final = np.power(_BASE, np.arange(64, dtype=np.uint32), dtype=np.uint32)
_PADDING: Final = 8


class Ngrams(NamedTuple):
    """All n-grams of one order in a batch.

    `buckets` are numbers below `2**BITS`; bucket 0 stands for an n-gram that would cross the end
    of a text and counts for nothing. Text k has `buckets[starts[k]:starts[k + 1]]`, of which
    `counts[k]` are n-grams.
    """

    group: int
    buckets: Codes
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]


GROUPS: Final = 3
"""Characters, words and stems: each group is one unit vector of features."""


def ngrams(folded: Folded) -> Iterator[Ngrams]:
    """Yield the n-grams of a batch, order by order."""
    codes = folded.codes
    yield from _orders(0, codes, codes == SEPARATOR, CHARACTER_ORDERS)
    words, stems, ends = _words(codes)
    yield from _orders(1, words, ends, WORD_ORDERS)
    yield from _orders(2, stems, ends, STEM_ORDERS)


def _orders(
    group: int, symbols: Codes, ends: NDArray[np.bool_], orders: Sequence[int]
) -> Iterator[Ngrams]:
    """Rolling polynomial hash: the hash of n symbols gives that of n + 1 in one step."""
    last = np.flatnonzero(ends)
    starts = np.concatenate((last[:0], [0], last[:-1] + 1))[: len(last)]
    symbols = np.concatenate((symbols, np.zeros(_PADDING, np.uint32)))
    valid = np.concatenate((~ends, np.zeros(_PADDING, np.bool_)))
    hashes, inside = symbols * _MIX, valid
    for order in range(1, max(orders) + 1):
        if order > 1:
            hashes = hashes[:-1] * _BASE + symbols[order - 1 :]
            inside = inside[:-1] & valid[order - 1 :]
        if order in orders:
            seed = np.uint32(zlib.crc32(bytes((group, order))))
            mixed = (hashes ^ (hashes >> np.uint32(15)) ^ seed) * _MIX
            buckets = (mixed >> np.uint32(32 - BITS)) * inside
            yield Ngrams(group, buckets, starts, np.maximum(last - starts - order + 1, 0))


def _words(codes: Codes) -> tuple[Codes, Codes, NDArray[np.bool_]]:
    """Return hashes of words, hashes of their stems, and which "words" are ends of texts.

    A word is a run of letters and digits; every other sign but a space is a word by itself.
    """
    space = codes == ord(" ")
    spelled = is_letter(codes) | ((codes >= ord("0")) & (codes <= ord("9")))
    begins = ~space
    begins[1:] &= ~(spelled[1:] & spelled[:-1])
    first = np.flatnonzero(begins)
    word_of = np.cumsum(begins) - 1  # a space belongs to the word before it, and adds nothing
    place = np.clip(np.arange(len(codes)) - first[word_of], 0, len(_POWERS) - 1)
    mixed = codes * _MIX
    terms = (mixed ^ (mixed >> np.uint32(15))) * _POWERS[place] * ~space
    words = np.add.reduceat(terms, first, dtype=np.uint32)
    stems = np.add.reduceat(terms * (place < STEM_LENGTH), first, dtype=np.uint32)
    return words, stems, codes[first] == SEPARATOR
