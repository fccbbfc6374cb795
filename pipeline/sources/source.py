"""The contract of a source: a file gives lines, and each line gives events or an error."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import BinaryIO, NamedTuple

from pipeline.common.languages import texts
from pipeline.model.event import Event


class SourceError(Exception):
    """A file cannot be read any further; the message names it and says why."""


class SourceLine(NamedTuple):
    """A line, or a row of several: its number from 1, its bytes, a function for its events.

    `events` raises Invalid.
    """

    number: int
    raw: bytes
    events: Callable[[], Iterable[Event]]


class Said(NamedTuple):
    """Words of `texts.yaml` by name, with what they speak of."""

    name: str
    values: Mapping[str, str] = {}


class Note(NamedTuple):
    """How a file was interpreted; `file` is its path, where there are several."""

    said: Sequence[Said]
    file: str = ""

    def sentence(self, language: str) -> str:
        """Return it in words, without the control characters that a file may hold."""
        words = texts(__package__, language)
        told = "; ".join(words[name].format_map(values) for name, values in self.said)
        whole = f"{self.file}: {told}" if self.file else told
        return printable(whole)


def printable(text: str) -> str:
    """Return an untrusted text with a space for each control character."""
    return "".join(one if one.isprintable() else " " for one in text)


Source = Callable[[BinaryIO, tzinfo], Iterator[SourceLine | Note]]
"""Reads an open file; times without an offset are in the zone. Raises SourceError."""
