"""Makes untrusted text safe to display: control and formatting characters are removed."""

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
    """Replace control and formatting characters by spaces; length and line breaks stay."""
    return _UNSHOWN.sub(" ", text)


def one_line(text: str, longest: int | None = None) -> str:
    """Return the text on one line, truncated to `longest` characters."""
    return cut(" ".join(plain(text).split()), longest)


def cut(text: str, longest: int | None) -> str:
    """Truncate a text to `longest` characters, marked by an ellipsis."""
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"


def bare(text: str) -> str:
    """Return the text case-folded and without diacritics, as names are compared.

    So `DAHİLİ`, `dahili` and `dahılı` are equal; invisible characters are dropped.
    """
    parts = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    return "".join(one for one in parts if unicodedata.category(one) not in _UNSEEN)
