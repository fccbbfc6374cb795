"""Decodes text files as programs save them: UTF-8, or UTF-16 and UTF-32 after a byte order mark.

Notepad, Excel and PowerShell write such a mark. It says how the file is encoded, and is no part of
its first line.
"""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def marked_encoding(raw: bytes) -> str | None:
    """Return the encoding that a byte order mark names, or None."""
    return next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), None)


def utf8(raw: bytes) -> bytes:
    """Return the content re-encoded as UTF-8 without a mark; unchanged if it has none.

    Raises UnicodeDecodeError if the content does not match its mark.
    """
    encoding = marked_encoding(raw)
    return raw.decode(encoding).encode() if encoding else raw


def utf8_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file in UTF-8 without a mark; `lines` are cut behind each byte 0x0A.

    Bytes that are invalid in the encoding of the mark become U+FFFD.
    """
    rest = iter(lines)
    first = next(rest, b"")
    encoding = marked_encoding(first)
    if encoding in (None, "utf-8-sig"):
        if first := first.removeprefix(codecs.BOM_UTF8):
            yield first
        yield from rest
    else:
        yield from _as_utf8(chain([first], rest), encoding)


def _as_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    begun = ""  # the byte 0x0A is also part of other characters, so a piece may end within a line
    for text in codecs.iterdecode(pieces, encoding, "replace"):
        *whole, begun = (begun + text).split("\n")
        yield from (f"{line}\n".encode() for line in whole)
    if begun:
        yield begun.encode()
