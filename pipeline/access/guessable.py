"""Recognizes guessable passwords: common ones, and those made of names of the context.

The blocklist is that of NIST SP 800-63B (3.1.1.2): common words and names of the context. A
password is guessable if hardly anything is left of it without them, without rows of keys, years
and repetitions.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from importlib.resources import files

from pipeline.common.plain_text import bare

LEAST = 4
"""Fewest letters and digits that must be left."""
FEW = 2
"""Up to this many listed words do not make a passphrase."""
SHORTEST_BLOCK = 8
"""Shortest block of a password that only repeats one block."""
SHORTEST_WORD, SHORTEST_ROW = 3, 3

_ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp", "qwertzuiop"),
    "1q2w3e4r5t6y7u8i9o0p",
)
_LEET = str.maketrans("013457@$!", "oieastasi")
_YEAR = re.compile(r"(?:19|20)\d\d")
_REPEATED = re.compile(r"(.+?)\1+")
_BLOCK = re.compile(r"(.)\1{2,}")


def is_guessable(password: str, context: Iterable[str]) -> bool:
    """Return whether a password is made of common words and of names in `context`."""
    plain = bare(password)
    names = {word for name in context for word in _words(bare(name))}
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    woven = core[::2] + core[1::2]  # q1w2e3r4t5y6 is qwerty and 123456
    return any(_is_made_of(names, text) for text in (plain, core.translate(_LEET), woven))


def _is_made_of(names: Collection[str], text: str) -> bool:
    signs = re.sub(r"[\W_]", "", text)
    repeated = _REPEATED.fullmatch(signs)
    if repeated and len(repeated[1]) < SHORTEST_BLOCK:
        return True
    count = 0
    for word in sorted({*_common(), *names}, key=lambda word: (-len(word), word)):
        if word in signs:
            count += word not in names
            signs = signs.replace(word, " ")
    signs = _BLOCK.sub(" ", _YEAR.sub(" ", signs))
    for row in _rows(signs):
        signs = signs.replace(row, " ")
    return count <= FEW and sum(not sign.isspace() for sign in signs) < LEAST


def _rows(text: str) -> Iterator[str]:
    """Yield the parts of a text that are a row of keys or of the alphabet."""
    start = 0
    while start < len(text):
        end = start
        while end < len(text) and any(text[start : end + 1] in row for row in _both_ways()):
            end += 1
        if end - start >= SHORTEST_ROW:
            yield text[start:end]
        start = max(end, start + 1)


@cache
def _both_ways() -> tuple[str, ...]:
    return (*_ROWS, *(row[::-1] for row in _ROWS))


@cache
def _common() -> frozenset[str]:
    text = (files(__package__) / "common_words.txt").read_text("utf-8")
    return frozenset(map(bare, text.split()))


def _words(text: str) -> Iterator[str]:
    """Yield a name without punctuation, and its words."""
    parts = re.split(r"[\W_]+", text)
    yield from (word for word in ("".join(parts), *parts) if len(word) >= SHORTEST_WORD)
