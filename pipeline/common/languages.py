"""The languages of the pages: the choice of one, and its texts."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

Language = Literal["tr", "en"]
LANGUAGES: tuple[Language, ...] = ("tr", "en")

Texts = Mapping[str, str]


def language_of(wishes: tuple[str, ...], accepted: str) -> str:
    """Return the first of our languages among the wishes, else in a header Accept-Language."""
    accepted_codes = (part.strip()[:2].lower() for part in accepted.split(","))
    return next((code for code in (*wishes, *accepted_codes) if code in LANGUAGES), LANGUAGES[0])


def other_language(language: str) -> str:
    """Return the language that a link leads to."""
    return next(other for other in LANGUAGES if other != language)


@cache
def texts(package: str, language: str) -> Texts:
    """Return the texts of a package's `texts.yaml` by key, in one language."""
    book = (files(package) / "texts.yaml").read_bytes()
    by_key = msgspec.yaml.decode(book, type=dict[str, dict[str, str]])
    return {key: translations[language] for key, translations in by_key.items()}
