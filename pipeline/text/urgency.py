"""Measures urgency: danger, time pressure, helplessness, fraud, and what cannot wait."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.model.reading import LABELS, MAX_LEVEL, Intent
from pipeline.text import lexicon
from pipeline.text.dangers import DANGERS
from pipeline.text.intents import URGENT
from pipeline.text.normalise import Folded
from pipeline.text.phrases import Matches, Phrases, patterns

_INTENT_LEVEL: Final = 2
_DANGER_LEVEL: Final = MAX_LEVEL


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reason to act: how soon, and its phrases."""

    level: int
    phrases: list[str]
    always: bool = False


class UrgencyLexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reasons by name; the file explains how phrases are written."""

    parts: dict[str, str]
    reasons: dict[str, Reason]


_LEXICON: Final = lexicon.load("urgency", UrgencyLexicon)
PHRASES: Final = Phrases(
    patterns({name: reason.phrases for name, reason in _LEXICON.reasons.items()}, _LEXICON.parts)
)
_ROWS: Final = {name: row for row, name in enumerate(_LEXICON.reasons, start=2)}
_LEVELS: Final = np.array(
    [_INTENT_LEVEL, _DANGER_LEVEL, *(reason.level for reason in _LEXICON.reasons.values())]
)
_ALWAYS: Final = np.array([True, True, *(reason.always for reason in _LEXICON.reasons.values())])


def urgency_levels(
    folded: Folded,
    matches: Matches,
    intents: Sequence[tuple[Intent, ...]],
    probabilities: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return 0 (none) to 3 (act at once) for each text, given its intents and polarity.

    A text is as urgent as its most pressing reason, and a level more for each other one. In a
    positive text only reasons count that do so always.
    """
    given = np.zeros((len(_LEVELS), len(intents)), dtype=np.bool_)
    given[0] = [any(intent.name in URGENT for intent in of_text) for of_text in intents]
    given[1] = [bool(of_text) and of_text[0].name in DANGERS for of_text in intents]  # come first
    said = [(_ROWS[name], start) for name, start, _ in matches.of(PHRASES)]
    if said:
        rows, places = zip(*said, strict=True)
        given[rows, folded.owners(places)] = True
    given &= _ALWAYS[:, None] | (probabilities.argmax(axis=1) != LABELS.index("positive"))
    levels = (_LEVELS[:, None] * given).max(axis=0) + np.maximum(given.sum(axis=0) - 1, 0)
    urgency: NDArray[np.int64] = np.minimum(levels, MAX_LEVEL)
    return urgency
