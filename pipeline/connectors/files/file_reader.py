"""Chooses the reader of a file: by connection or system, or by column names."""

from collections.abc import Callable, Iterator
from datetime import datetime

from pipeline.connectors.connection import Connection, connection_of
from pipeline.connectors.files.file_source import mapped
from pipeline.connectors.mapping import MappingError
from pipeline.connectors.setup.connection_checks import PSEUDONYM_KEY, needed_by
from pipeline.connectors.setup.connections import ConnectionBook, ConnectionsError
from pipeline.ingest.pseudonyms import Pseudonyms
from pipeline.sources.files import SOURCES
from pipeline.sources.source import Source, SourceError


def reader_of(
    name: str, book: ConnectionBook, now: datetime, ignored: Callable[[str], None]
) -> Source:
    """Return the reader for a connection or a system; for "", the one by column names.

    `ignored` receives the reason for each row that is no event. Raises SourceError.
    """
    if not name:
        return SOURCES["csv"]
    connection = book.connections.get(name) or _without_settings(name, book)
    try:
        mapping = book.mapping(connection)
    except MappingError as error:
        raise SourceError(str(error)) from None
    if "file" not in mapping.form.transports:
        raise SourceError(f"{name}: {mapping.system} sends by itself and has no files")
    return mapped(mapping, connection, now, ignored)


def pseudonyms_of(book: ConnectionBook) -> Pseudonyms:
    """Return what makes ids of the addresses in files. Raises SourceError."""
    try:
        return Pseudonyms(book.pseudonym_key)
    except ConnectionsError as error:
        raise SourceError(str(error)) from None


def readable(names: list[str], book: ConnectionBook, now: datetime) -> Iterator[str]:
    """Yield the connections and systems whose files can be read with the current settings."""
    for name in names:
        try:
            reader_of(name, book, now, lambda _reason: None)
        except SourceError:
            continue
        yield name


def _without_settings(name: str, book: ConnectionBook) -> Connection:
    """Return a connection of a system without required settings. Raises SourceError."""
    if name in book.refused:
        raise SourceError(book.refused[name])
    if name not in book.mappings.systems:
        known = ", ".join(sorted({*book.connections, *book.mappings.systems}))
        raise SourceError(f"{name}: there is no such connection or system: {known}")
    try:
        mapping = book.mappings.mapping(name)
    except MappingError as error:
        raise SourceError(str(error)) from None
    settings = dict(mapping.defaults)
    if key := pseudonyms_of(book).key:
        settings[PSEUDONYM_KEY] = key
    if asked := sorted(needed_by(mapping) - settings.keys()):
        raise SourceError(
            f"{name}: {', '.join(asked)} must be set: make a connection of it in {book.file}"
        )
    return connection_of(name, name, settings)
