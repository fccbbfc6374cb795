"""Distorts texts in ways that must not change their label."""

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.common.languages import Language
from pipeline.text.engine import FloatArray
from pipeline.text.spelling import without_marks
from training.distort import with_typos


def capitals(text: str, language: Language) -> str:
    """Return the text in capitals by the rules of its language: Turkish `i` becomes `İ`."""
    return (text.replace("i", "İ") if language == "tr" else text).upper()


def distortions(texts: Sequence[str], language: Language, seed: int) -> dict[str, list[str]]:
    """Return variants of the texts as others might type them, by name."""
    rng = random.Random(seed)
    ways = {
        "capitals": [capitals(text, language) for text in texts],
        "typos": [with_typos(text, rng) for text in texts],
    }
    if language == "tr":
        ways["no Turkish letters"] = [without_marks(text) for text in texts]
    return ways


def kept(before: FloatArray, after: FloatArray) -> NDArray[np.bool_]:
    """Return for each text whether its most likely label is the same."""
    same: NDArray[np.bool_] = before.argmax(axis=1) == after.argmax(axis=1)
    return same
