"""Headers of e-mail, in each of the forms in which services hand them over."""

from collections.abc import Iterator
from email.parser import HeaderParser
from typing import Any

import msgspec


def mail_header(value: Any, name: str) -> str | None:
    """Return the first header of a name, None where there is none.

    The headers are an object, pairs (also as JSON), or the lines of the mail itself.
    """
    wanted = name.lower()
    found = (text for key, text in _headers(value) if key.lower() == wanted)
    return next((str(text).strip() for text in found if text), None)


def _headers(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            value = HeaderParser().parsestr(value).items()
    pairs = list(value.items()) if isinstance(value, dict) else value
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, list | tuple) and len(pair) == 2:
            yield str(pair[0]), pair[1]
