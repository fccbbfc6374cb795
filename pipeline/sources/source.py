"""The contract of a source: a file gives lines, and each line gives events or an error."""

from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from typing import BinaryIO, NamedTuple

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


class Note(NamedTuple):
    """A sentence that tells the user how a file was interpreted."""

    sentence: str


Source = Callable[[BinaryIO, tzinfo], Iterator[SourceLine | Note]]
"""Reads an open file; times without an offset are in the zone. Raises SourceError."""
