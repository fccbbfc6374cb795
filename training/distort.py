"""The ways in which people type: what a reading must not depend on."""

import random
from collections.abc import Callable
from typing import Final

from pipeline.text.spelling import without_marks

_SPOKEN: Final = ".,;:'\""


def with_typos(text: str, rng: random.Random, share: float = 0.04) -> str:
    """Return the text with so many of its letters left out, doubled, or in the wrong order."""
    letters = list(text)
    for place in range(1, len(letters) - 1):
        if letters[place].isalpha() and rng.random() < share:
            match rng.randrange(3):
                case 0:
                    letters[place] = ""
                case 1:
                    letters[place] *= 2
                case _:
                    swapped = letters[place + 1], letters[place]
                    letters[place], letters[place + 1] = swapped
    return "".join(letters)


def without_points(text: str) -> str:
    """Return the text without punctuation."""
    return "".join(" " if sign in _SPOKEN else sign for sign in text)


def distorted(text: str, rng: random.Random) -> str:
    """Return the text as somebody else might have typed it; more than half stay as they are."""
    ways: list[tuple[float, Callable[[str], str]]] = [
        (0.2, without_marks),
        (0.1, lambda one: with_typos(one, rng)),
        (0.15, without_points),
    ]
    for chance, way in ways:
        if rng.random() < chance:
            text = way(text)
    return text
