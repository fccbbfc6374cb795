"""Hashes the n-grams of a batch in numpy: characters, words and word stems."""

import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.text.normalise import Folded, is_letter

BITS: Final = 20
CHARACTER_ORDERS: Final = (2, 3, 4, 5, 6)
WORD_ORDERS: Final = (1, 2, 3)
STEM_ORDERS: Final = (2,)
STEM_LENGTH: Final = 5
"""Turkish adds suffixes to stems; the first five letters distinguish most words."""

Codes = NDArray[np.uint32]
_BASE: Final = np.uint32(0x01000193)
_MIX: Final = np.uint32(0x9E3779B1)
_POWERS: Final = np.power(_BASE, np.arange(64, dtype=np.uint32), dtype=np.uint32)


class Ngrams(NamedTuple):
    """All n-grams of one group in a batch.

    `buckets` has a row an order and a column a place: the n-gram that begins there, as a number
    below `2**BITS`. Bucket 0 stands for one that would cross the end of a text and counts for
    nothing. Text k has the columns `starts[k]` to `starts[k + 1]`, and `counts[k]` n-grams.
    `places` is where each column begins, in characters of the batch from its first text on.
    """

    group: int
    buckets: NDArray[np.int64]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    places: NDArray[np.int64]


GROUPS: Final = 3
"""Characters, words and stems: each group is one unit vector of features."""


def chunks(folded: Folded, size: int) -> Iterator[tuple[int, int]]:
    """Yield runs of texts of some `size` characters: the first one, and the one behind the last."""
    numbers = folded.starts // size
    bounds = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    return pairwise(np.unique([0, *bounds.tolist(), len(folded.starts)]).tolist())


def ngrams(folded: Folded, first: int = 0, stop: int | None = None) -> Iterator[Ngrams]:
    """Yield the n-grams of the texts from `first` to `stop`, group by group."""
    bounds = np.append(folded.starts[first:stop], len(folded.codes))
    if stop is not None and stop < len(folded.starts):
        bounds[-1] = folded.starts[stop]
    codes = folded.codes[bounds[0] : bounds[-1]]
    bounds -= bounds[0]
    yield _group(0, codes, bounds, np.arange(len(codes)), CHARACTER_ORDERS)
    words, stems, begins = _words(codes)
    bounds = np.searchsorted(begins, bounds)
    yield _group(1, words, bounds, begins, WORD_ORDERS)
    yield _group(2, stems, bounds, begins, STEM_ORDERS)


def _group(
    group: int,
    symbols: Codes,
    bounds: NDArray[np.int64],
    places: NDArray[np.int64],
    orders: Sequence[int],
) -> Ngrams:
    """Rolling polynomial hash: the hash of n symbols gives that of n + 1 in one step."""
    starts, lasts = bounds[:-1], bounds[1:] - 1
    hashes = symbols * _MIX
    mixed = np.empty((len(orders), len(symbols)), np.uint32)
    for order in range(1, max(orders) + 1):
        if order > 1:
            hashes *= _BASE
            hashes[: max(0, len(symbols) - order + 1)] += symbols[order - 1 :]
        if order in orders:
            seed = np.uint32(zlib.crc32(bytes((group, order))))
            mixed[orders.index(order)] = hashes ^ (hashes >> np.uint32(15)) ^ seed
    buckets = ((mixed * _MIX) >> np.uint32(32 - BITS)).astype(np.int64)
    # What begins fewer than n symbols before the last one of a text, its end, would cross it.
    crossing = np.maximum(lasts - np.arange(max(orders))[:, None], 0)
    for row, order in zip(buckets, orders, strict=True):
        row[crossing[:order]] = 0
    counts = np.maximum((lasts - starts)[:, None] - np.array(orders) + 1, 0).sum(axis=1)
    return Ngrams(group, buckets, starts, counts, places)


def _words(codes: Codes) -> tuple[Codes, Codes, NDArray[np.int64]]:
    """Return hashes of words, hashes of their stems, and where the words begin.

    A word is a run of letters and digits; every other sign but a space is a word by itself, and so
    is the end of a text.
    """
    space = codes == ord(" ")
    spelled = is_letter(codes) | (codes - ord("0") < 10)
    begins = ~space
    begins[1:] &= ~(spelled[1:] & spelled[:-1])
    first = np.flatnonzero(begins)
    word_of = np.cumsum(begins) - 1  # a space belongs to the word before it, and adds nothing
    place = np.arange(len(codes)) - first[word_of]
    mixed = codes * _MIX
    terms = (mixed ^ (mixed >> np.uint32(15))) * _POWERS.take(place, mode="clip") * ~space
    words = np.add.reduceat(terms, first, dtype=np.uint32)
    stems = np.add.reduceat(terms * (place < STEM_LENGTH), first, dtype=np.uint32)
    return words, stems, first
