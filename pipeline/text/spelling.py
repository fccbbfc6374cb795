"""Restores Turkish spelling typed on a keyboard without Turkish letters."""

import hashlib
import re
from importlib.resources import files
from typing import Final

MARKED: Final = re.compile("[çğıöşü]")
"""Lower-case letters that only a Turkish keyboard has."""

_PLAIN: Final = str.maketrans("çğıöşüâîûÇĞİÖŞÜÂÎÛ", "cgiosuaiuCGIOSUAIU")
_TYPED_IN_TURKISH: Final = re.compile("[çğıöşüÇĞİÖŞÜ]")
_WORD: Final = re.compile("[a-z]+")
_IN_CAPITALS: Final = re.compile(r"\b[^\W\d_a-zçğıöşü]{2,}\b")


def without_marks(text: str) -> str:
    """Return the text without Turkish letters: `sorun çözülmedi` is `sorun cozulmedi`."""
    return text.translate(_PLAIN)


def with_small_dotless(text: str) -> str:
    """Return a Turkish text with `ı` for each `I` of its words in capitals.

    Only if its keyboard has a letter for each: else `IYI` may be `iyi`.
    """
    if not _TYPED_IN_TURKISH.search(text):
        return text
    return _IN_CAPITALS.sub(lambda word: word[0].replace("I", "ı"), text)


def respelled(text: str, at_least: int = 1) -> str:
    """Return a text of small letters with the Turkish ones that its words have, if it has none.

    It stays as it is where fewer than `at_least` of its words are known: those of
    `data/spellings.txt`, which `training.spellings` writes.
    """
    if MARKED.search(text):
        return text
    if sum(word in _SPELLINGS for word in _WORD.findall(text)) < at_least:
        return text
    return _WORD.sub(lambda word: _SPELLINGS.get(word[0], word[0]), text)


_WORDS: Final = files("pipeline.text").joinpath("data", "spellings.txt").read_bytes()
_SPELLINGS: Final = {without_marks(word): word for word in _WORDS.decode().split()}
VERSION: Final = hashlib.sha256(_WORDS).hexdigest()[:4]
