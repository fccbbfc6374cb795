"""Letters of a text for patterns that care for words alone."""

import re
from typing import Final
from unicodedata import normalize

_OTHERS: Final = re.compile(r"[^a-z]+")


def letters_of(text: str) -> str:
    """Return small letters from a to z, with a blank for each run of anything else between them."""
    plain = normalize("NFKD", text.lower().replace("ı", "i")).encode("ascii", "ignore").decode()
    return _OTHERS.sub(" ", plain).strip()
