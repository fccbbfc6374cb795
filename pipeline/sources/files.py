"""JSON lines, plain or gzip → events; a bad line is reported in its place and the rest goes on."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from pipeline.dead_letter import Invalid, Reason
from pipeline.decode import MAX_BYTES, parse_event
from pipeline.event import Event
from pipeline.sources import sikayetvar, tweets

SOURCES: dict[str, Callable[[bytes], tuple[Event, ...]]] = {
    "events": lambda line: (parse_event(line),),
    "sikayetvar": sikayetvar.events_of,
    "tweets": tweets.events_of,
}
"""What a line of each format becomes; each raises Invalid."""

_GZIP = b"\x1f\x8b"


class SourceError(Exception):
    """A file cannot be read any further; the message says which one and why."""


@dataclass(frozen=True)
class BadLine:
    """A line that gave no event; `line` counts from 1, `raw` is at most its first MAX_BYTES."""

    file: Path
    line: int
    reason: Reason
    sentence: str
    raw: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}: {self.sentence}"


def read(path: Path, source: str) -> Iterator[Event | BadLine]:
    """Yield the events of each line in order, or a BadLine for it; blank lines are skipped.

    `source` is a key of SOURCES. Raises SourceError where the file itself cannot be read.
    """
    events_of = SOURCES[source]
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, start=1):
                line = line.rstrip(b"\r\n")
                if not line.strip():
                    continue
                try:
                    yield from events_of(line)
                except Invalid as error:
                    yield BadLine(path, number, error.reason, error.sentence, line[:MAX_BYTES])
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path}: cannot be read: {error}") from error


def rebase(events: Iterable[Event], now: datetime) -> list[Event]:
    """Move all events by one duration, so that the newest happens at `now` (aware)."""
    kept = list(events)
    if not kept:
        return []
    shift = now - max(event.occurred_at for event in kept)
    return [msgspec.structs.replace(event, occurred_at=event.occurred_at + shift) for event in kept]


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        compressed = file.read(len(_GZIP)) == _GZIP
    return cast(BinaryIO, gzip.open(path)) if compressed else path.open("rb")
