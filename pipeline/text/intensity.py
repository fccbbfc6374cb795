"""Measures intensity and anger: capitals, `!!!`, stretched words, emoji, words.

A sign of feeling is a row of a boolean array of shape (signs, texts): the styles of typing, then
the moods of `data/intensity.yaml`, then the pictures of `data/tokens.yaml`.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.common.titles import Titles
from pipeline.model.reading import LABELS, MAX_LEVEL
from pipeline.text import lexicon
from pipeline.text.normalise import PICTURES, Batch, Folded, Picture
from pipeline.text.phrases import Matches, Phrases, Words

Signs = NDArray[np.bool_]

ANGRY: Final = 2
"""The anger level from which a text cannot be positive."""


class Mood(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of one strong feeling, with its force and anger.

    Those with a `title` mean nothing else, whatever the text is: authors say what they feel.
    """

    force: float
    words: list[str]
    anger: int = 0
    title: Titles | None = None


LEXICON: Final = lexicon.load("intensity", dict[str, Mood])
STATED: Final = {name: mood.title for name, mood in LEXICON.items() if mood.title}
"""Titles of the moods that authors state, by name."""
PHRASES: Final = Phrases((name, word) for name, mood in LEXICON.items() for word in mood.words)

# A search skips to where a pattern can begin if that is one set of characters.
_SHOUTED: Final = re.compile(r"[^\W\d_a-zçğıöşü](?<!\w.)[^\W\d_a-zçğıöşü]{2,}(?!\w)")
_OUTCRY: Final = re.compile(r"[!?](?:(?<=!)!!|[!?]{3})")  # !!! or four of ! and ?
_EMPHASIS: Final = re.compile(r"[!?](?:!|(?<=!)\?)")  # two of them, but not ??
_STRETCHABLE: Final = re.compile(r"[^\W\d_w]")  # www is no feeling

_CERTAINTY_FORCE: Final = 0.5
_STYLE_FORCES: Final = (0.35, 0.3, 0.15, 0.2)  # of shouting, outcry, emphasis, stretching
_STYLES: Final = len(_STYLE_FORCES)
_LOUD: Final = 2
"""Shouting and outcry: each raises the anger of a negative text by one level."""
_ROWS: Final = {name: row for row, name in enumerate([*LEXICON, *PICTURES], start=_STYLES)}
_FEELINGS: Final[list[Mood | Picture]] = [*LEXICON.values(), *PICTURES.values()]
_FORCES: Final = np.array([*_STYLE_FORCES, *(feeling.force for feeling in _FEELINGS)])
_ANGER: Final = np.array([feeling.anger for feeling in _FEELINGS])
_STATED_ANGER: Final = np.array(
    [feeling.anger if isinstance(feeling, Mood) and feeling.title else 0 for feeling in _FEELINGS]
)
_ROW_OF_PICTURE: Final = np.zeros(ord("Z") + 1, np.int64)
for _name, _picture in PICTURES.items():
    _ROW_OF_PICTURE[ord(_picture.token)] = _ROWS[_name]


def signs_of(folded: Folded, matches: Matches) -> Signs:
    """Return which signs of feeling each text has."""
    signs = np.zeros((len(_FORCES), len(folded.starts)), dtype=np.bool_)
    for row, texts in enumerate(_styles(folded.typed)):
        signs[row, texts] = True
    said = [(_ROWS[name], start) for name, start, _ in matches.of(PHRASES)]
    if said:
        rows, places = zip(*said, strict=True)
        signs[rows, folded.owners(places)] = True
    capitals = np.flatnonzero(folded.codes - ord("A") < 26)
    pictures = capitals[_ROW_OF_PICTURE[folded.codes[capitals]] > 0]  # not links, mentions, masks
    signs[_ROW_OF_PICTURE[folded.codes[pictures]], folded.owners(pictures)] = True
    return signs


def find_stated(words: Words) -> Iterator[tuple[str, int, int]]:
    """Yield (name, start, end) in the batch for phrases in which authors state their anger."""
    return (match for match in PHRASES.find(words) if match[0] in STATED)


def intensities(signs: Signs, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 0 (flat) to 1 (furious or delighted) for each text, given its (texts, 3) polarity.

    Each sign goes its share of the rest of the way to 1. How a text is typed counts as far as it is
    not neutral; its words and pictures of emotion count in full.
    """
    negative, neutral, positive = probabilities.T
    felt = signs.astype(np.float64)
    felt[:_STYLES] *= 1.0 - neutral
    rest: NDArray[np.float64] = np.prod(1.0 - _FORCES[:, None] * felt, axis=0)
    rest *= 1.0 - _CERTAINTY_FORCE * np.abs(positive - negative)
    return np.clip(1.0 - rest, 0.0, 1.0)


def anger_levels(signs: Signs, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return 0 (none) to 3 (furious) for each text, given its (texts, 3) polarity.

    It is as angry as its angriest word or picture, and where it is negative a level more for
    shouting and for `!!!`. A positive text is annoyed at most, and only by words that can mean
    nothing else.
    """
    labels = probabilities.argmax(axis=1)
    is_positive = labels == LABELS.index("positive")
    said = np.where(is_positive, np.minimum(stated_levels(signs), ANGRY - 1), said_levels(signs))
    loud = (signs[:_LOUD] & (labels == LABELS.index("negative"))).sum(axis=0)
    levels: NDArray[np.int64] = np.minimum(said + loud, MAX_LEVEL)
    return levels


def said_levels(signs: Signs) -> NDArray[np.int64]:
    """Return the anger of each text's angriest word or emoji, whatever its polarity."""
    levels: NDArray[np.int64] = (_ANGER[:, None] * signs[_STYLES:]).max(axis=0)
    return levels


def stated_levels(signs: Signs) -> NDArray[np.int64]:
    """Return the anger of each text's angriest unambiguous words."""
    levels: NDArray[np.int64] = (_STATED_ANGER[:, None] * signs[_STYLES:]).max(axis=0)
    return levels


def _styles(typed: Batch) -> Iterator[NDArray[np.int64]]:
    """Yield the indices of texts that shout, exclaim, emphasise or stretch letters."""
    shouted = typed.owners(_places(_SHOUTED, typed))
    yield np.flatnonzero(np.bincount(shouted, minlength=len(typed.starts)) >= 2)
    yield typed.owners(_places(_OUTCRY, typed))
    yield typed.owners(_places(_EMPHASIS, typed))
    same = typed.codes[1:] == typed.codes[:-1]
    thrice = np.flatnonzero(same[1:] & same[:-1]).tolist()
    yield typed.owners([place for place in thrice if _STRETCHABLE.match(typed.text, place)])


def _places(pattern: re.Pattern[str], typed: Batch) -> list[int]:
    return [match.start() for match in pattern.finditer(typed.text)]
