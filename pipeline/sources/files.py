"""Reads events from plain or gzip files; a bad line is reported and the others go on."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from pipeline.common.encodings import utf8_lines
from pipeline.ingest.decode import MAX_BYTES, parse_event
from pipeline.ingest.privacy import redact_payload
from pipeline.ingest.pseudonyms import WITHOUT_KEY, Pseudonyms
from pipeline.model.dead_letter import DeadLetter, Invalid, Reason
from pipeline.model.event import Event
from pipeline.sources import csv_table, sikayetvar, tweets
from pipeline.sources.source import Note, Source, SourceError, SourceLine

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


@dataclass(frozen=True)
class BadLine:
    """A line without an event; `line` counts from 1, `raw` holds at most its first MAX_BYTES."""

    file: Path
    line: int
    reason: Reason
    sentence: str
    raw: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}: {self.sentence}"

    def letter(self, now: datetime) -> DeadLetter:
        """Return its dead letter, known by file, bytes and line number, since names may repeat."""
        return DeadLetter(
            topic=f"file:{self.file.name}",
            partition=zlib.crc32(self.raw),
            offset=self.line,
            reason=self.reason,
            sentence=self.sentence,
            payload=redact_payload(self.raw),
            key=None,
            received_at=now,
        )


def _json_lines(events_of: Callable[[bytes], Iterable[Event]]) -> Source:
    """Return the reader of a JSON Lines format, whose times have offsets."""

    def lines(file: BinaryIO, _zone: tzinfo) -> Iterator[SourceLine]:
        for number, line in enumerate(utf8_lines(file), start=1):
            if number == 1 and line.startswith(_ZIP):
                raise SourceError("it is a ZIP archive or a workbook, not JSON lines")
            raw = line.rstrip(b"\r\n")
            if raw.strip():
                yield SourceLine(number, raw, partial(events_of, raw))

    return lines


SOURCES: dict[str, Source] = {
    "events": _json_lines(lambda line: (parse_event(line),)),
    "csv": csv_table.lines,
    "sikayetvar": _json_lines(sikayetvar.events_of),
    "tweets": _json_lines(tweets.events_of),
}
"""Readers by format name."""


def read(
    path: Path, source: Source, zone: tzinfo = UTC, pseudonyms: Pseudonyms = WITHOUT_KEY
) -> Iterator[Event | BadLine | Note]:
    """Yield the events of each line in order, or a BadLine for it; blank lines are skipped.

    Times without an offset are of `zone`. An id that is the address of a person becomes one of
    `pseudonyms`. Raises SourceError where the file itself cannot be read.
    """
    try:
        with _open(path) as file:
            for line in source(file, zone):
                if isinstance(line, Note):
                    yield line._replace(file=str(path))
                    continue
                try:
                    yield from map(pseudonyms.without_addresses, line.events())
                except Invalid as error:
                    raw = line.raw[:MAX_BYTES]
                    yield BadLine(path, line.number, error.reason, error.detail, raw)
    except (OSError, EOFError, zlib.error, SourceError) as error:
        raise SourceError(f"{path}: cannot be read: {error}") from error


def rebase(events: Iterable[Event], now: datetime) -> list[Event]:
    """Shift all events by one duration, so that the newest occurs at `now` (aware)."""
    kept = list(events)
    if not kept:
        return []
    shift = now - max(event.occurred_at for event in kept)
    return [msgspec.structs.replace(event, occurred_at=event.occurred_at + shift) for event in kept]


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        start = file.read(len(_GZIP))
    return cast(BinaryIO, gzip.open(path)) if start == _GZIP else path.open("rb")
