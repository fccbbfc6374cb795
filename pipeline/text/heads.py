"""Heads: what a clause shows, and what a text is.

A head is a logistic regression on the n-grams of `features`, as `fast` is one of polarity, and on
what the phrases of the lexicons find. Those of clauses (intents, acts, topics) are asked of each
clause, those of texts (anger, urgency, irony ...) of the whole.
"""

from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import compress
from typing import Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.text.clauses import Clauses
from pipeline.text.features import BITS, GROUPS, Ngrams, chunks, ngrams
from pipeline.text.normalise import Folded

_CHUNK: Final = 4_096  # characters at a time: what is looked up then stays in the cache
DENIAL: Final = 1.0
"""Log-odds below its threshold at which a head outweighs a phrase."""
_SHIPPED: Final = files("pipeline.text") / "weights"

Scores = NDArray[np.float64]
Hits: TypeAlias = Iterable[tuple[str, int]]
"""Names of phrases and their places in a batch, as in `hits`."""


class Head(msgspec.Struct, frozen=True):
    """A head: it says yes where its score reaches `threshold`, surely where it reaches `sure`.

    Scores are log-odds; a step of its weights is `scale`.
    """

    name: str
    scale: float
    bias: float
    threshold: float
    sure: float


class HeadsCard(msgspec.Struct, frozen=True):
    """The heads in the order of their columns: of clauses, then of texts.

    `hits` are the phrases that they know, by row; `data` counts the texts of each source that they
    were trained on.
    """

    version: str
    seed: int
    data: dict[str, int]
    hits: tuple[str, ...]
    of_clauses: tuple[Head, ...]
    of_texts: tuple[Head, ...]


class Said(NamedTuple):
    """What heads say yes to: the (clause, name, whether surely) in order, and the names of texts.

    `known` are the names of all heads of clauses, `denied` those of each text that no clause shows,
    by far.
    """

    of_clauses: list[tuple[int, str, bool]]
    of_texts: list[frozenset[str]]
    known: frozenset[str]
    denied: list[frozenset[str]]


class Segments(NamedTuple):
    """A batch cut before each clause but a text's first.

    `starts` are places of the batch, `texts` the first segment of each text, `clauses` the segment
    of each clause.
    """

    starts: NDArray[np.int64]
    texts: NDArray[np.int64]
    clauses: NDArray[np.int64]

    def owners(self, places: Iterable[int]) -> NDArray[np.int64]:
        """Return, for each place of the batch, its segment."""
        return np.searchsorted(self.starts, list(places), side="right") - 1


class Heads:
    """Linear heads; pure and thread-safe."""

    def __init__(
        self, weights: NDArray[np.int8], hits: NDArray[np.float32], card: HeadsCard
    ) -> None:
        """Take `weights` (buckets, heads) in steps of each head's scale, and `hits` (names, heads).

        The number of buckets is a power of two.
        """
        self.card = card
        self._weights, self._hits = np.ascontiguousarray(weights), hits
        self._rows = {name: row for row, name in enumerate(card.hits)}
        self._shift = BITS - (len(weights).bit_length() - 1)
        heads = (*card.of_clauses, *card.of_texts)
        self._scales = np.array([head.scale for head in heads])
        self._biases = np.array([head.bias for head in heads])
        self._thresholds = np.array([head.threshold for head in heads])
        self._sure = np.array([head.sure for head in heads])
        self._names = [head.name for head in heads]

    @classmethod
    def load(cls, folder: Traversable = _SHIPPED) -> "Heads":
        """Read `heads.npz` and `heads.json` from `folder`. Raises FileNotFoundError."""
        card = msgspec.json.decode((folder / "heads.json").read_bytes(), type=HeadsCard)
        with (folder / "heads.npz").open("rb") as file, np.load(file) as arrays:
            return cls(arrays["weights"], arrays["hits"], card)

    def say(self, folded: Folded, clauses: Clauses, hits: Hits) -> Said:
        """Return what the heads say yes to: of a text without words, nothing."""
        of_clauses, of_texts = self.scores(folded, clauses, hits)
        split = len(self.card.of_clauses)
        above = of_clauses - self._thresholds[:split]
        sure = of_clauses >= self._sure[:split]
        shown = np.argwhere(above >= 0).tolist()
        owners = folded.owners(clauses.starts)
        most = np.full((len(of_texts), split), -np.inf)
        np.maximum.at(most, owners, above)
        whole = of_texts >= self._thresholds[split:]
        whole &= np.bincount(owners, minlength=len(whole))[:, None] > 0
        return Said(
            [(clause, self._names[head], bool(sure[clause, head])) for clause, head in shown],
            [frozenset(compress(self._names[split:], row)) for row in whole.tolist()],
            frozenset(self._names[:split]),
            [frozenset(compress(self._names, row)) for row in (most < -DENIAL).tolist()],
        )

    def scores(self, folded: Folded, clauses: Clauses, hits: Hits) -> tuple[Scores, Scores]:
        """Return the log-odds of shape (clauses, heads of clauses) and (texts, heads of texts)."""
        segments, split = segments_of(folded, clauses), len(self.card.of_clauses)
        sums = np.zeros((GROUPS, len(segments.starts), len(self._scales)))
        counts = np.zeros((GROUPS, len(segments.starts)))
        for first, stop in chunks(folded, _CHUNK):
            for group in ngrams(folded, first, stop):
                self._add(group, int(folded.starts[first]), segments, sums, counts)
        of_segments = _normed(sums, counts) * self._scales
        of_texts = (
            _normed(
                np.add.reduceat(sums, segments.texts, axis=1),
                np.add.reduceat(counts, segments.texts, axis=1),
            )
            * self._scales
        )
        known = {(self._rows[name], place) for name, place in hits if name in self._rows}
        if known:
            rows, places = map(list, zip(*known, strict=True))
            its_texts = folded.owners(places)
            for scores, owners in ((of_segments, segments.owners(places)), (of_texts, its_texts)):
                pairs = np.unique(np.stack((owners, rows)), axis=1)
                np.add.at(scores, pairs[0], self._hits[pairs[1]])
        of_clauses = of_segments[segments.clauses, :split] + self._biases[:split]
        return of_clauses, of_texts[:, split:] + self._biases[split:]

    def _add(
        self,
        group: Ngrams,
        begin: int,
        segments: Segments,
        sums: Scores,
        counts: Scores,
    ) -> None:
        """Add up the weights of n-grams from the place `begin` on, by segment."""
        first, stop = np.searchsorted(
            segments.starts, (begin, begin + int(group.places[-1]) + 1)
        ).tolist()
        columns = np.searchsorted(group.places, segments.starts[first:stop] - begin)
        summed = np.zeros((group.buckets.shape[1], self._weights.shape[1]), np.int16)
        for buckets in group.buckets >> self._shift:
            summed += self._weights.take(buckets, axis=0)
        sums[group.group, first:stop] = np.add.reduceat(summed, columns, axis=0, dtype=np.int32)
        known = (group.buckets > 0).sum(axis=0)
        counts[group.group, first:stop] = np.add.reduceat(known, columns)


def segments_of(folded: Folded, clauses: Clauses) -> Segments:
    """Cut a batch at its clauses."""
    owners = folded.owners(clauses.starts)
    is_first = np.diff(owners, prepend=-1) > 0
    starts = np.sort(np.concatenate((folded.starts, clauses.starts[~is_first])))
    begins = np.where(is_first, folded.starts[owners], clauses.starts)
    return Segments(starts, np.searchsorted(starts, folded.starts), np.searchsorted(starts, begins))


def _normed(sums: Scores, counts: Scores) -> Scores:
    """Return what groups of n-grams add up to, each a unit vector of features."""
    normed: Scores = (sums / np.sqrt(np.maximum(counts, 1))[:, :, None]).sum(axis=0)
    return normed
