"""Letters of a text for patterns that care for words alone."""

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

_OTHERS: Final = re.compile(r"[^a-z]+")


@lru_cache(maxsize=256)  # a text is looked at more than once
def letters_of(text: str) -> str:
    """Return small letters from a to z, with a blank for each run of anything else between them."""
    plain = normalize("NFKD", text.lower().replace("ı", "i")).encode("ascii", "ignore").decode()
    return _OTHERS.sub(" ", plain).strip()
