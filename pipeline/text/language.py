"""Detects the language of a text: Turkish, English, German, or uncertain (`und`, BCP 47)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from pipeline.text import lexicon


class Profile(msgspec.Struct, frozen=True):
    """Evidence of a language: frequent words, endings, letters of its own."""

    letters: str
    words: frozenset[str]
    endings: list[str]


_PROFILES: Final = lexicon.load("languages", dict[str, Profile])
LANGUAGES: Final = tuple(_PROFILES)
UNKNOWN: Final = "und"
"""Undetermined (BCP 47)."""

_MAX_WORDS: Final = 24
_MAX_CHARACTERS: Final = 300
_LONG: Final = 6
_ENOUGH: Final = 0.8
"""Minimum evidence: one frequent word."""
_DENSITY: Final = 0.08
"""Minimum evidence per word, so that loan words do not decide a long text."""
_LEAD: Final = 1.3
"""Required ratio of the winner's evidence to the runner-up's."""

# Each of these begins with a character, not with a set of them: so a search can skip to it.
_NOISE = re.compile(r"https?://\S+|www\.\S+|@\w+|#\w+|\[[A-Z]+\**\]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

Evidence = tuple[float, ...]
_NONE: Final[Evidence] = (0.0,) * len(LANGUAGES)


def _word_evidence() -> dict[str, Evidence]:
    listed = {word for profile in _PROFILES.values() for word in profile.words}
    owners = {word: [word in profile.words for profile in _PROFILES.values()] for word in listed}
    return {word: tuple(float(own) / sum(owns) for own in owns) for word, owns in owners.items()}


_WORDS: Final = _word_evidence()
_ENDINGS: Final = {name: tuple(profile.endings) for name, profile in _PROFILES.items()}
_LETTERS: Final = {name: frozenset(profile.letters) for name, profile in _PROFILES.items()}


def detect(texts: Sequence[str]) -> list[str]:
    """Return the language of each text: `tr`, `en`, `de`, or `und` if evidence is thin."""
    return [_detect(text) for text in texts]


def _detect(text: str) -> str:
    # Turkish I and İ would otherwise become English i, and i with a dot.
    plain = (
        _NOISE.sub(" ", text[:_MAX_CHARACTERS]).replace("İ", "i").lower().replace("i\u0307", "i")
    )
    words = _WORD.findall(plain)[:_MAX_WORDS]
    evidence = [e for e in map(_evidence_of, words) if e is not _NONE]
    totals = [sum(of_language) for of_language in zip(_NONE, *evidence, strict=True)]
    winner, runner_up = sorted(totals, reverse=True)[:2]
    if winner < max(_ENOUGH, _DENSITY * len(words)) or winner < _LEAD * runner_up:
        return UNKNOWN
    return LANGUAGES[totals.index(winner)]


@lru_cache(maxsize=1 << 16)
def _evidence_of(word: str) -> Evidence:
    known = _WORDS.get(word)
    if known is not None:
        return known
    if word.isascii() and len(word) < _LONG:
        return _NONE
    return tuple(
        max(
            0.0 if _LETTERS[language].isdisjoint(word) else 0.7,
            0.6 if len(word) >= _LONG and word.endswith(_ENDINGS[language]) else 0.0,
        )
        for language in LANGUAGES
    )
