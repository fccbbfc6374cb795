"""Reconciles the polarity of a text with its anger, intents and score.

Who says to be angry is not pleased, whatever an engine makes of the other words. Anger in other
words, an urgent intent or a score that says otherwise only make one wonder: `is_questionable` says
of which texts a second engine had better be asked.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.model.event import Score
from pipeline.model.reading import LABELS, Intent
from pipeline.text import lexicon
from pipeline.text.cues import REACH
from pipeline.text.intensity import ANGRY, LEXICON, Signs, said_levels, stated_levels
from pipeline.text.intents import URGENT
from pipeline.text.normalise import Folded

MEANT: Final = 0.9
"""Share of authors who say that they are angry and are: 36 of 39 in labelled reviews."""
_NEGATIVE, _POSITIVE = LABELS.index("negative"), LABELS.index("positive")

VERSION: Final = hashlib.sha256(
    msgspec.json.encode(
        (
            *(MEANT, REACH, lexicon.content("own_words")),
            [(mood.words, mood.anger, bool(mood.title)) for mood in LEXICON.values()],
        )
    )
).hexdigest()[:4]
"""Changes whenever this module, or what counts as own words, could change a reading."""


def with_stated_anger(
    rows: NDArray[np.float64], signs: Signs, folded: Folded
) -> NDArray[np.float64]:
    """Return the polarity of texts, shape (texts, 3), from that of an engine.

    Where authors say that they are angry, a text is negative in MEANT of all cases, and what the
    engine says in the others (the law of total probability). In a text longer than cues.REACH such
    words may be an aside, and count in proportion.
    """
    is_stated = stated_levels(signs) >= ANGRY
    meant = MEANT * is_stated * np.minimum(REACH / folded.lengths, 1.0)
    said: NDArray[np.float64] = rows * (1.0 - meant[:, None])
    said[:, _NEGATIVE] += meant
    return said


def is_questionable(
    rows: NDArray[np.floating],
    signs: Signs,
    intents: Sequence[tuple[Intent, ...]],
    scores: Sequence[Score | None],
) -> NDArray[np.bool_]:
    """Return for each text whether to ask a second engine even if the first is sure.

    It is where there is anger or an urgent intent, and where the score is at the other end.
    """
    angry = said_levels(signs) > 0
    urgent = np.array([any(one.name in URGENT for one in found) for found in intents], np.bool_)
    labels = rows.argmax(axis=1)
    good = np.array([score is not None and score.is_good for score in scores], np.bool_)
    bad = np.array([score is not None and score.is_bad for score in scores], np.bool_)
    against = (good & (labels == _NEGATIVE)) | (bad & (labels == _POSITIVE))
    asked: NDArray[np.bool_] = angry | urgent | against
    return asked
