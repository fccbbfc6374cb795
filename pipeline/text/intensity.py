"""How strongly a text speaks: capitals, exclamation, stretched words, emoji, fury and delight."""

import re
from importlib.resources import files
from typing import Final

import msgspec

from pipeline.reading import Probabilities
from pipeline.text.normalise import PICTURES


class Mood(msgspec.Struct, frozen=True):
    """Words of one strong emotion, as regular expressions, and their share of intensity."""

    force: float
    words: list[str]


_LEXICON: Final = msgspec.yaml.decode(
    files("pipeline.text").joinpath("data/intensity.yaml").read_bytes(), type=dict[str, Mood]
)
_MOODS: Final = tuple(
    (re.compile(rf"(?<![a-z0-9])(?:{'|'.join(mood.words)})"), mood.force)
    for mood in _LEXICON.values()
)
_PICTURE_FORCE: Final = {picture.token: picture.force for picture in PICTURES.values()}
_STYLES: Final = (
    (re.compile(r"\b[^\W\d_a-zçğıöşü]{3,}\b.*\b[^\W\d_a-zçğıöşü]{3,}\b", re.DOTALL), 0.35),
    (re.compile(r"!{3}|[!?]{4}"), 0.3),
    (re.compile(r"!{2}|\?!|!\?"), 0.15),
    (re.compile(r"([^\W\d_w])\1\1"), 0.2),
)
_CERTAINTY_FORCE: Final = 0.5


def intensity(text: str, folded: str, probabilities: Probabilities) -> float:
    """Return 0 (flat) to 1 (furious or delighted), from the text and the same text folded.

    Each sign goes its share of the rest of the way to 1. How a text is typed counts as far as it is
    not neutral; its words and pictures of emotion count in full.
    """
    emotional = 1.0 - probabilities.neutral
    rest = 1.0 - _CERTAINTY_FORCE * abs(probabilities.positive - probabilities.negative)
    for pattern, force in _STYLES:
        if pattern.search(text):
            rest *= 1.0 - force * emotional
    for pattern, force in _MOODS:
        if pattern.search(folded):
            rest *= 1.0 - force
    for token, force in _PICTURE_FORCE.items():
        if token in folded:
            rest *= 1.0 - force
    return min(1.0, max(0.0, 1.0 - rest))
