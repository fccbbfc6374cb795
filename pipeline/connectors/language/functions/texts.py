"""Extracts parts of texts, such as the author's own words."""

import re
from collections.abc import Mapping
from functools import lru_cache

from pipeline.common.plain_text import bare
from pipeline.connectors.language.functions.automatic import auto_reply, automatic_text
from pipeline.connectors.language.functions.function import Function, written
from pipeline.connectors.language.functions.mail import mail_headers
from pipeline.connectors.language.functions.markup import html_text
from pipeline.sources.csv_cells import plain_name
from pipeline.text import own_words as authors


def lower(value: object) -> str:
    """Return the text in lower case."""
    return str(value).lower()


def folded(value: object) -> str:
    """Return the text folded for comparison: `OFİS DIŞINDA` is `ofis disinda`."""
    return bare(str(value))


def letters(value: object) -> str:
    """Return the letters and digits of the text, folded: `OUT_OF_STOCK` is as `OutOfStock`.

    A text that has none stays.
    """
    return plain_name(str(value)) or str(value)


def trimmed(value: object) -> str | None:
    """Return the text without white space around it, None where nothing is left."""
    return str(value).strip() or None


def before(value: object, sign: str) -> str | None:
    """Return the text before the first `sign`, the whole text without one."""
    return str(value).partition(sign)[0].strip() or None


def after(value: object, sign: str) -> str | None:
    """Return the text after the first `sign`, the whole text without one."""
    head, found, tail = str(value).partition(sign)
    return (tail if found else head).strip() or None


def found(value: object, pattern: object) -> str | None:
    """Return the match of a regular expression, or of its first group if it has one."""
    if pattern is None:
        return None
    match = _pattern(str(pattern)).search(str(value))
    return match[min(1, match.re.groups)] if match else None


@lru_cache(maxsize=1_024)
def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"cannot be searched with `{text:.60}`: {error}") from None


def original(value: object) -> str:
    """Return the customer's words without Google's translation before or after them."""
    return authors.original(written(value))


def own_words(value: object) -> str | None:
    """Return the author's own words, without quoted replies, signatures and notices.

    None where a mail is nothing but the quotation that it answers. An automatic reply stays, for
    people to see: `understand` knows it, too.
    """
    text = written(value)
    own = authors.own_words(text).text or text
    if own == text and _QUOTATION.search(text) and _is_of_others(text):
        return None
    return _GAPS.sub("\n\n", own).strip() or None


def _is_of_others(text: str) -> bool:
    """Return whether the rest of a text is not the author's."""
    return authors.own_words(f"Evet.\n\n{text}").text.strip() == "Evet."


_QUOTATION = re.compile(r"\A\s*[^\s>].*^[ \t]*>", re.DOTALL | re.MULTILINE)
"""Matches an attribution and the quoted lines below it."""
_GAPS = re.compile(r"\r?\n\s*\n")


FUNCTIONS: Mapping[str, Function] = {
    "lower": Function(lower),
    "folded": Function(folded),
    "letters": Function(letters),
    "mail_headers": Function(mail_headers),
    "trimmed": Function(trimmed),
    "before": Function(before, range(1, 2)),
    "after": Function(after, range(1, 2)),
    "found": Function(found, range(1, 2)),
    "original": Function(original),
    "html_text": Function(html_text),
    "own_words": Function(own_words),
    "auto_reply": Function(auto_reply),
    "automatic_text": Function(automatic_text),
}
