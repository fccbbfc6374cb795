"""How strongly a text speaks: capitals, exclamation, stretched words, emoji, fury and delight."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.text.normalise import PICTURES, Batch, Folded
from pipeline.text.phrases import Phrases, Words


class Mood(msgspec.Struct, frozen=True):
    """Words of one strong emotion, as regular expressions, and their share of intensity."""

    force: float
    words: list[str]


_LEXICON: Final = msgspec.yaml.decode(
    files("pipeline.text").joinpath("data/intensity.yaml").read_bytes(), type=dict[str, Mood]
)
_MOODS: Final = [Phrases((name, word) for word in mood.words) for name, mood in _LEXICON.items()]

# A search skips to where a pattern can begin if that is one set of characters.
_SHOUTED: Final = re.compile(r"[^\W\d_a-zçğıöşü](?<!\w.)[^\W\d_a-zçğıöşü]{2,}(?!\w)")
_OUTCRY: Final = re.compile(r"[!?](?:(?<=!)!!|[!?]{3})")  # !!! or four of ! and ?
_EMPHASIS: Final = re.compile(r"[!?](?:!|(?<=!)\?)")  # two of them, but not ??
_STRETCHABLE: Final = re.compile(r"[^\W\d_w]")  # www is no feeling

_CERTAINTY_FORCE: Final = 0.5
_STYLE_FORCES: Final = (0.35, 0.3, 0.15, 0.2)  # of shouting, outcry, emphasis, stretching
_FORCES: Final = np.array(
    [
        _CERTAINTY_FORCE,
        *_STYLE_FORCES,
        *(mood.force for mood in _LEXICON.values()),
        *(picture.force for picture in PICTURES.values()),
    ]
)
_FIRST_MOOD: Final = 1 + len(_STYLE_FORCES)
_FIRST_PICTURE: Final = _FIRST_MOOD + len(_MOODS)
_ROW_OF_PICTURE: Final = np.zeros(ord("Z") + 1, np.int64)
for _row, _picture in enumerate(PICTURES.values(), start=_FIRST_PICTURE):
    _ROW_OF_PICTURE[ord(_picture.token)] = _row


def intensities(
    folded: Folded, words: Words, probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return 0 (flat) to 1 (furious or delighted) for each text, given its (texts, 3) polarity.

    Each sign goes its share of the rest of the way to 1. How a text is typed counts as far as it is
    not neutral; its words and pictures of emotion count in full.
    """
    felt = np.zeros((len(_FORCES), len(folded.starts)))
    negative, neutral, positive = probabilities.T
    felt[0] = np.abs(positive - negative)
    for row, texts in enumerate(_styles(folded.typed), start=1):
        felt[row, texts] = 1.0 - neutral[texts]
    for row, mood in enumerate(_MOODS, start=_FIRST_MOOD):
        felt[row, folded.owners([start for _, start, _ in mood.find(words)])] = 1.0
    capitals = np.flatnonzero(folded.codes - ord("A") < 26)
    pictures = capitals[_ROW_OF_PICTURE[folded.codes[capitals]] > 0]  # not links, mentions, masks
    felt[_ROW_OF_PICTURE[folded.codes[pictures]], folded.owners(pictures)] = 1.0
    rest: NDArray[np.float64] = np.multiply.reduce(1.0 - _FORCES[:, None] * felt, axis=0)
    return np.clip(1.0 - rest, 0.0, 1.0)


def _styles(typed: Batch) -> Iterator[NDArray[np.int64]]:
    """Yield the numbers of the texts that shout, cry out, emphasise, stretch letters."""
    shouted = typed.owners(_places(_SHOUTED, typed))
    yield np.flatnonzero(np.bincount(shouted, minlength=len(typed.starts)) >= 2)
    yield typed.owners(_places(_OUTCRY, typed))
    yield typed.owners(_places(_EMPHASIS, typed))
    same = typed.codes[1:] == typed.codes[:-1]
    thrice = np.flatnonzero(same[1:] & same[:-1]).tolist()
    yield typed.owners([place for place in thrice if _STRETCHABLE.match(typed.text, place)])


def _places(pattern: re.Pattern[str], typed: Batch) -> list[int]:
    return [match.start() for match in pattern.finditer(typed.text)]
