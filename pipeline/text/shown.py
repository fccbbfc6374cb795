"""What texts show, of what phrases find and of what heads say.

A topic is what a head says, which has weighed the phrase with the words around it. An intent is
what a phrase finds, unless the head denies it by far, and what a head says surely; what it says
less surely is a hint. What no head knows, dangers above all, is as the phrases have it.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.common.titles import Titles
from pipeline.model.reading import LABELS, Intent
from pipeline.text import lexicon
from pipeline.text.dangers import DANGERS
from pipeline.text.heads import Said
from pipeline.text.intents import ACTS, INTENTS
from pipeline.text.topics import TAXONOMY, Span

TRAITS: Final = lexicon.load("traits", dict[str, Titles])
"""What a text may be as a whole, with titles; the file says more."""
_SERIOUS: Final = frozenset({"anger:1", "urgency:2", "vulnerable"})
_ACTS: Final = ACTS.names


class Shown(NamedTuple):
    """The intents of a text, dangers first, and those that it may have besides."""

    intents: tuple[Intent, ...]
    hints: tuple[Intent, ...]


_NOTHING: Final = Shown((), ())


def intents_of(
    found: Sequence[tuple[Intent, ...]],
    spans: Sequence[Span],
    said: Said,
    by_company: Sequence[bool],
) -> list[Shown]:
    """Return the intents of customers and the acts of the company, of which phrases `found` some.

    An intent stands where a phrase found it, else it is the first clause that surely shows it.
    """
    shown: list[list[tuple[bool, Intent]]] = [[] for _ in found]
    for clause, name, sure in said.of_clauses:
        text, start, end = spans[clause]
        if name in (_ACTS if by_company and by_company[text] else INTENTS):
            shown[text].append((not sure, Intent(name, start, end)))
    return [
        _merged(of_phrases, of_heads, denied) if of_phrases or of_heads else _NOTHING
        for of_phrases, of_heads, denied in zip(found, shown, said.denied, strict=True)
    ]


def _merged(
    found: tuple[Intent, ...], shown: list[tuple[bool, Intent]], denied: frozenset[str]
) -> Shown:
    kept = [intent for intent in found if intent.name not in denied]
    names, hints = {intent.name for intent in kept}, list[Intent]()
    for unsure, intent in sorted(shown, key=lambda one: (one[0], one[1].start)):
        if intent.name not in names:
            names.add(intent.name)
            (hints if unsure else kept).append(intent)
    return Shown(tuple(sorted(kept, key=_rank)), tuple(hints))


def _rank(intent: Intent) -> tuple[bool, int]:
    return intent.name not in DANGERS, intent.start


def mentions_of(
    found: Sequence[tuple[int, str]], spans: Sequence[Span], said: Said
) -> list[tuple[Span, str]]:
    """Return the clauses that mention topics, in order; `found` are those of phrases."""
    mentions = [(clause, name) for clause, name in found if name not in said.known]
    mentions += [(clause, name) for clause, name, _ in said.of_clauses if name in TAXONOMY.topics]
    return [(spans[clause], name) for clause, name in sorted(mentions, key=itemgetter(0))]


def levels_of(name: str, said: Said) -> NDArray[np.int64]:
    """Return the highest level of each text that a head of texts says, 0 without any."""
    return np.array(
        [
            max((int(one[-1]) for one in of_text if one.startswith(f"{name}:")), default=0)
            for of_text in said.of_texts
        ],
        np.int64,
    )


def angry_levels(
    said_levels: NDArray[np.int64], rows: NDArray[np.floating], said: Said
) -> NDArray[np.int64]:
    """Return the higher anger of words and of heads, which are asked of a negative text alone."""
    is_negative = rows.argmax(axis=1) == LABELS.index("negative")
    levels: NDArray[np.int64] = np.maximum(said_levels, levels_of("anger", said) * is_negative)
    return levels


def are_serious(said: Said) -> NDArray[np.bool_]:
    """Return which texts may do harm if they are misread: angry, urgent, of the vulnerable."""
    return np.array([not _SERIOUS.isdisjoint(of_text) for of_text in said.of_texts], np.bool_)


def traits_of(said: Said) -> list[tuple[str, ...]]:
    """Return what each text is as a whole, in the order of `TRAITS`."""
    return [
        tuple([name for name in TRAITS if name in of_text]) if of_text else ()
        for of_text in said.of_texts
    ]
