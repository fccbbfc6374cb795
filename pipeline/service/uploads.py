"""Files uploaded through the board: tried first, then published."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pipeline.broker.publish import Publisher
from pipeline.broker.security import Cluster
from pipeline.connectors.files.file_reader import pseudonyms_of, reader_of
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.ingest.privacy import redact_event
from pipeline.model.event import Event
from pipeline.sources.files import BadLine, read
from pipeline.sources.source import Note, Source, SourceError

LARGEST = 20 * 1024 * 1024
"""Most bytes of a file."""
FIRST, MOST_BAD = 10, 100
"""Most events, and most refused lines, shown of a file."""
KEPT, KEPT_FOR = 4, timedelta(minutes=15)
"""Most files waiting to be published, and for how long."""


class Upload(NamedTuple):
    """An uploaded file: user, time, file name, and its connection or system ("": by columns)."""

    by: str
    at: datetime
    name: str
    source: str
    content: bytes


class Tried(NamedTuple):
    """The result of trying a file: number of events, the first ones masked, and refusals.

    `notes` say how it was read, `ignored` why rows are no events, with counts.
    """

    events: int
    first: list[Event]
    refused: int
    bad: list[BadLine]
    ignored: list[tuple[str, int]]
    notes: list[Note]


class Published(NamedTuple):
    """The number of published events, and of lines that became dead letters."""

    events: int
    refused: int


class Uploads:
    """Tried files that wait for confirmation, in memory. Thread-safe."""

    def __init__(
        self, cluster: Cluster, book: ConnectionBook, zone: tzinfo, clock: Callable[[], datetime]
    ) -> None:
        self._cluster, self._book, self._zone, self._clock = cluster, book, zone, clock
        self._waiting: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def attempt(self, upload: Upload) -> Tried:
        """Try a file without publishing it. Raises SourceError."""
        ignored: Counter[str] = Counter()
        tried = Tried(0, [], 0, [], [], [])
        events = refused = 0
        for item in self._items(upload, lambda reason: ignored.update([reason])):
            match item:
                case Note():
                    tried.notes.append(item)
                case BadLine():
                    refused += 1
                    if len(tried.bad) < MOST_BAD:
                        tried.bad.append(item)
                case Event():
                    events += 1
                    if len(tried.first) < FIRST:
                        tried.first.append(redact_event(item))
        return tried._replace(events=events, refused=refused, ignored=ignored.most_common())

    def keep(self, upload: Upload) -> str:
        """Keep a file until it is published, and return its token; too many evict the oldest."""
        token = token_urlsafe(16)
        with self._lock:
            self._waiting[token] = upload
            now = self._clock()
            for other, one in [*self._waiting.items()]:
                if now - one.at > KEPT_FOR or len(self._waiting) > KEPT:
                    del self._waiting[other]
        return token

    def take(self, token: str, by: str) -> Upload | None:
        """Return and remove the file that a user has tried; None if it has expired."""
        with self._lock:
            upload = self._waiting.get(token)
            if upload is None or upload.by != by or self._clock() - upload.at > KEPT_FOR:
                return None
            return self._waiting.pop(token)

    def publish(self, upload: Upload) -> Published:
        """Publish a file. Raises SourceError and BrokerUnavailable."""
        events = refused = 0
        with Publisher(*self._cluster) as publisher:
            for item in self._items(upload, lambda _reason: None):
                match item:
                    case BadLine():
                        refused += 1
                        publisher.refuse(item.letter(self._clock()))
                    case Event():
                        events += 1
                        publisher.publish(item)
        return Published(events, refused)

    def _items(
        self, upload: Upload, ignored: Callable[[str], None]
    ) -> Iterator[Event | BadLine | Note]:
        """Yield the items of a file, named without its folder. Raises SourceError."""
        source: Source = reader_of(upload.source, self._book, upload.at, ignored)
        with TemporaryDirectory() as folder:
            path = Path(folder) / upload.name
            path.write_bytes(upload.content)
            try:
                for item in read(path, source, self._zone, pseudonyms_of(self._book)):
                    yield item._replace(file="") if isinstance(item, Note) else item
            except SourceError as error:
                raise SourceError(str(error).replace(str(path), upload.name)) from None
