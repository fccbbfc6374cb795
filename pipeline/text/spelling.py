"""Turkish as a model knows it, whatever keyboard it was typed on."""

import re
from importlib.resources import files
from typing import Final

_PLAIN: Final = str.maketrans("çğıöşüâîû", "cgiosuaiu")
_MARKED: Final = re.compile("[çğıöşü]")
_TYPED_IN_TURKISH: Final = re.compile("[çğıöşüÇĞİÖŞÜ]")
_WORD: Final = re.compile("[a-z]+")


def without_marks(text: str) -> str:
    """Return a text of small letters without Turkish ones: `çözülmedi` is `cozulmedi`."""
    return text.translate(_PLAIN)


def with_small_dotless(text: str) -> str:
    """Return a Turkish text with `ı` for each `I`, if its keyboard has a letter for each."""
    return text.replace("I", "ı") if _TYPED_IN_TURKISH.search(text) else text


def respelled(text: str) -> str:
    """Return a text of small letters with the Turkish ones that its words have, if it has none.

    Words are those of `data/spellings.txt`, which `training.spellings` writes.
    """
    if _MARKED.search(text):
        return text
    return _WORD.sub(lambda word: _SPELLINGS.get(word[0], word[0]), text)


_SPELLINGS: Final = {
    without_marks(word): word
    for word in files("pipeline.text").joinpath("data", "spellings.txt").read_text("utf-8").split()
}
