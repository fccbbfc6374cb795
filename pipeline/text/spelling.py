"""Turkish typed without Turkish letters, as on a foreign keyboard, spelled as it usually is."""

import re
from importlib.resources import files
from typing import Final

_PLAIN: Final = str.maketrans("çğıöşüâîû", "cgiosuaiu")
_MARKED: Final = re.compile("[çğıöşü]")
_WORD: Final = re.compile("[a-z]+")


def without_marks(text: str) -> str:
    """Return a text of small letters without Turkish ones: `çözülmedi` is `cozulmedi`."""
    return text.translate(_PLAIN)


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
