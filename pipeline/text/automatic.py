"""Tells replies of which a program is the author: notices of absence, receipts of requests.

Nobody's feelings are in them. Only the form tells them: customers complain of such replies, too.
"""

import re
from collections.abc import Iterable
from typing import Final

from pipeline.text.letter_patterns import LEXICON, any_of, forms_of, pattern, plain

_EARLY: Final = 300
"""Characters in which such a reply says what it is."""
_LONGEST: Final = 2_000
"""Characters of it that are looked at."""


def may_be_automatic(text: str) -> bool:
    """Return whether a closer look at a text is worth its time: at most texts it is not."""
    return bool(_OPENING.match(text) and _EARLY_HINT.search(text, 0, _EARLY))


def is_automatic(text: str) -> bool:
    """Return whether a text begins as an automatic reply, and holds what such a reply must."""
    if not may_be_automatic(text):
        return False
    said = plain(text[:_LONGEST]).lstrip(_BEFORE)
    return any(
        begins.match(said, 0, _EARLY) and all(held.search(said) for held in holds)
        for begins, holds in _FORMS
    )


def is_automatic_title(title: str | None) -> bool:
    """Return whether the title of a message is that of an automatic reply."""
    return title is not None and _TITLE.match(plain(title)) is not None


def title_form(beginnings: Iterable[str], *, may_stand_alone: bool) -> str:
    """Return the pattern of titles that begin so and go on as those of automatic replies do."""
    alone = r"|\W*" if may_stand_alone else ""
    end = rf"\W*?(?:[:\]].*|(?<=\W){pattern('{again}')}.*){alone}"
    return rf"\W*{any_of(beginnings)}(?:{end})\Z"


_BEFORE: Final = " \t\n*[#-"
_OPENING: Final = re.compile(rf"[{re.escape(_BEFORE)}\r]*{LEXICON.openings}", re.IGNORECASE)
_EARLY_HINT: Final = re.compile(LEXICON.early_hints, re.IGNORECASE)
_FORMS: Final = forms_of(LEXICON.automatic)
_TITLE: Final = re.compile(
    title_form(LEXICON.automatic_titles["replies"], may_stand_alone=False)
    + "|"
    + title_form(LEXICON.automatic_titles["absences"], may_stand_alone=True),
    re.DOTALL,
)
