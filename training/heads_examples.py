"""Examples for the heads: clauses and texts with their features and labels."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from pipeline.text.clauses import Clauses, clauses_of
from pipeline.text.features import BITS, GROUPS, ngrams
from pipeline.text.heads import Hits, segments_of
from pipeline.text.hits import find_hits, names_of_hits
from pipeline.text.normalise import Folded, fold
from pipeline.text.phrases import Matches, words_of
from training.texts.corpus import Written

HEAD_BITS: Final = 18
"""Buckets of n-grams, as a power of two."""
HIT_NAMES: Final = names_of_hits()
COVERED: Final = 0.5
"""Share of a clause or of a mark that both must have in common."""
_BATCH: Final = 512

Truth = NDArray[np.bool_]


class Examples(NamedTuple):
    """The features of clauses and of texts; `owners` and `spans` say where the clauses stand."""

    texts: Sequence[Written]
    of_clauses: csr_array
    of_texts: csr_array
    owners: NDArray[np.int64]
    spans: Sequence[tuple[int, int]]

    def shown(self, names: Sequence[str]) -> Truth:
        """Return which of the names each clause shows, shape (clauses, names)."""
        truth = np.zeros((len(self.spans), len(names)), np.bool_)
        for row, (owner, (start, end)) in enumerate(zip(self.owners, self.spans, strict=True)):
            for mark in self.texts[owner].marks:
                common = min(end, mark.end) - max(start, mark.start)
                shorter = min(end - start, mark.end - mark.start)
                if mark.name in names and common > 0 and common >= COVERED * shorter:
                    truth[row, names.index(mark.name)] = True
        return truth


def examples_of(texts: Sequence[Written]) -> Examples:
    """Cut texts into clauses, and take the features of both."""
    of_clauses, of_texts, owners, spans = [], [], list[int](), list[tuple[int, int]]()
    for start in range(0, len(texts), _BATCH):
        folded = fold([text.text for text in texts[start : start + _BATCH]])
        words = words_of(folded)
        clauses = clauses_of(folded, words)
        company = np.array([text.author != "customer" for text in texts[start : start + _BATCH]])
        theirs = words.of(company[folded.owners(words.places)])
        hits = find_hits(Matches(words), Matches(theirs))
        its_clauses, its_texts = features_of(folded, clauses, hits)
        of_clauses.append(its_clauses)
        of_texts.append(its_texts)
        its_spans = clauses.spans(folded)
        owners += [start + owner for owner, _, _ in its_spans]
        spans += [(begin, end) for _, begin, end in its_spans]
    return Examples(
        texts, vstack(of_clauses, "csr"), vstack(of_texts, "csr"), np.array(owners), spans
    )


def features_of(folded: Folded, clauses: Clauses, hits: Hits) -> tuple[csr_array, csr_array]:
    """Return the features of clauses and of texts as `Heads` weighs them: n-grams, then hits."""
    segments = segments_of(folded, clauses)
    text_of = np.searchsorted(segments.texts, np.arange(len(segments.starts)), "right") - 1
    segment, column, group = [], [], []
    for its in ngrams(folded):
        orders, places = np.nonzero(its.buckets)
        segment.append(segments.owners(its.places[places]))
        column.append(its.buckets[orders, places] >> (BITS - HEAD_BITS))
        group.append(np.full(len(places), its.group))
    rows, columns, groups = map(np.concatenate, (segment, column, group))
    hits = list(hits)
    hit_rows = segments.owners(place for _, place in hits)
    hit_columns = np.array([HIT_NAMES.index(name) for name, _ in hits], np.int64)

    def of(rows: NDArray[np.int64], hit_rows: NDArray[np.int64], count: int) -> csr_array:
        counts = np.bincount(rows * GROUPS + groups, minlength=GROUPS * count)
        known = columns > 0  # the first bucket counts for nothing
        grams = csr_array(
            ((1 / np.sqrt(counts[rows * GROUPS + groups]))[known], (rows[known], columns[known])),
            shape=(count, 1 << HEAD_BITS),
        )
        found = csr_array(
            (np.ones(len(hits)), (hit_rows, hit_columns)), shape=(count, len(HIT_NAMES))
        )
        found.sum_duplicates()
        found.data[:] = 1
        return hstack((grams, found), "csr", dtype=np.float32)

    of_segments = of(rows, hit_rows, len(segments.starts))
    return of_segments[segments.clauses], of(text_of[rows], text_of[hit_rows], len(segments.texts))
