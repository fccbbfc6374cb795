"""What a source makes of a file: its lines, each of which gives events or the reason why not."""

from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from typing import BinaryIO, NamedTuple

from pipeline.model.event import Event


class SourceError(Exception):
    """A file cannot be read any further; the message says which one and why."""


class SourceLine(NamedTuple):
    """A line, or a row of several: its number from 1, its bytes, what gives its events.

    `events` raises Invalid.
    """

    number: int
    raw: bytes
    events: Callable[[], Iterable[Event]]


class Note(NamedTuple):
    """How a file was understood, in a sentence for the person who wants it read."""

    sentence: str


Source = Callable[[BinaryIO, tzinfo], Iterator[SourceLine | Note]]
"""Reads an open file; times without an offset are of the zone. Raises SourceError."""
