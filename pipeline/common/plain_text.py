"""Texts of others as they may be shown to people: without what is not for reading."""

import re
import unicodedata

_UNSHOWN = re.compile(
    "["
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # what turns the direction of what follows
    r"\u2028\u2029"  # separators of lines and paragraphs
    r"\ufeff\ufff9-\ufffb\ud800-\udfff"  # byte order marks, annotations, halves of characters
    "]"
)

_UNSEEN = frozenset({"Mn", "Me", "Cf"})
"""Categories of marks, and of characters that only say how others are to be shown."""


def plain(text: str) -> str:
    """Return a text of others without what is not for reading; its length and lines stay."""
    return _UNSHOWN.sub(" ", text)


def one_line(text: str, longest: int | None = None) -> str:
    """Return a text of others as one line, its end left out beyond `longest` characters."""
    return cut(" ".join(plain(text).split()), longest)


def cut(text: str, longest: int | None) -> str:
    """Return a text of at most `longest` characters; an ellipsis says where its end is left out."""
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"


def bare(text: str) -> str:
    """Return a text in small letters without their marks, as names are compared.

    So `DAHİLİ`, `dahili` and `dahılı` are one name; characters that nobody sees are no part of it.
    """
    parts = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    return "".join(one for one in parts if unicodedata.category(one) not in _UNSEEN)
