"""Headers of e-mail, in all the forms that services use."""

import re
from collections.abc import Iterator, Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any, Final

import msgspec

LONGEST: Final = 10_000
"""Most characters of a header that is read."""
_LINE: Final = re.compile(r"^([!-9;-~]+):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)


def mail_headers(value: object) -> dict[str, str]:
    """Return the headers of a mail by name in lower case; of repeated ones, the first.

    Values too long for a header, such as the text among the fields of a form, are left out.
    """
    headers: dict[str, str] = {}
    for name, text in headers_of(value):
        if len(text) <= LONGEST and (line := _decoded(text)):
            headers.setdefault(name, line)
    return headers


def _decoded(text: str) -> str:
    """Return a header on one line, with encoded characters decoded."""
    line = " ".join(text.split())
    try:
        return str(make_header(decode_header(line))) if "=?" in line else line
    except (HeaderParseError, LookupError, ValueError):
        return line


def headers_of(value: object) -> Iterator[tuple[str, str]]:
    """Yield the names of headers in lower case, and their values.

    Headers are an object, a list of pairs or of objects with `name` and `value`, JSON of these, or
    the lines of the mail; any other text is a subject.
    """
    match value:
        case str() if value.lstrip().startswith(("[[", "[{", "{")):
            try:
                yield from headers_of(msgspec.json.decode(value))
            except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
                yield "subject", value
        case str() if "\n" in value.strip():
            yield from ((name.lower(), text) for name, text in _LINE.findall(value))
        case str():
            yield "subject", value
        case Mapping():
            for name, text in value.items():
                yield str(name).lower(), _text(text)
        case list():
            for entry in value:
                match entry:
                    case [str() as name, text] | {"name": str() as name, "value": text}:
                        yield name.lower(), _text(text)


def _text(value: Any) -> str:
    return str(value[0] if isinstance(value, list) and value else value)
