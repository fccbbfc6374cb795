"""The connections in force: those of `desk/connections.yaml`, checked against the mappings."""

import stat
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pipeline.common.private_files import OTHERS
from pipeline.config.connectors import ConnectorsSettings
from pipeline.connectors.connection import Connection
from pipeline.connectors.mapping import Mapping, MappingError
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connection_checks import (
    Flaws,
    connection_in,
    name_of,
    settings_in,
    system_of,
)
from pipeline.connectors.setup.connection_file import ConnectionsError, ConnectionsSource, Entry

__all__ = ["ConnectionBook", "ConnectionsError", "open_connections"]


class ConnectionBook:
    """Connections by name. An invalid one is refused; its last valid version stays in force.

    `refused` says why, by name, or by place (`connections[2]`) without one. `failure` says why the
    whole file is refused, if it is. `source` is the file as read.
    """

    def __init__(self, file: Path, mappings: MappingBook) -> None:
        self.file = file
        self.mappings = mappings
        self.connections: dict[str, Connection] = {}
        self.refused: dict[str, str] = {}
        self.failure: str | None = None
        self._content: bytes | None = None
        self.source: ConnectionsSource | None = None
        self._one_at_a_time = threading.Lock()
        self.reload()

    @property
    def errors(self) -> list[str]:
        """The refusals, a sentence each."""
        return [*filter(None, [self.failure]), *self.refused.values()]

    @property
    def exposed(self) -> list[Path]:
        """The files of secrets that others than their owner can read."""
        named = self.source.secret_files() if self.source else ()
        return sorted({path for path in named if _is_exposed(path)})

    def flaws(self) -> Iterator[str]:
        """Yield all that is wrong with the file and with each connection, a sentence each.

        What is refused (`errors`) tells the first flaw of a connection.
        """
        if self.failure or self.source is None:
            yield from filter(None, [self.failure])
            return
        taken: set[str] = set()
        for entry in self.source.entries:
            flaws = Flaws()
            name = flaws.noted(partial(_own_name, entry, taken), entry.place)
            if mapping := flaws.noted(partial(self._mapping, entry), None):
                settings_in(entry, name, mapping, flaws)
            yield from map(str, flaws)

    @property
    def pseudonym_key(self) -> str:
        """The key of ids of people at the top of the file, "". Raises ConnectionsError."""
        return self.source.pseudonym_key() if self.source else ""

    def mapping(self, connection: Connection) -> Mapping:
        """Return the mapping of a connection in force."""
        return self.mappings.mapping(connection.system)

    def reload(self) -> None:
        """Put valid changes in force: of the file, its secrets and the mappings."""
        with self._one_at_a_time:
            self._reload()

    def _reload(self) -> None:
        try:
            source = self._read()
            self.failure = None
        except ConnectionsError as error:
            self.failure = str(error)
            return
        except OSError as error:
            self.failure = f"{self.file}: cannot be read ({error.strerror})"
            return
        connections: dict[str, Connection] = {}
        refused: dict[str, str] = {}
        self._reload_mappings(source)
        for entry, name in _named(source, refused):
            try:
                connections[name] = self._connection(entry)
            except (ConnectionsError, MappingError) as error:
                refused[name] = str(error)
                if name in self.connections:
                    connections[name] = self.connections[name]
        self.connections, self.refused = connections, refused

    def _read(self) -> ConnectionsSource:
        """Return the file, parsed again if it has changed. Raises ConnectionsError, OSError."""
        content = self.file.read_bytes()
        if self.source is None or content != self._content:
            self.source = ConnectionsSource(self.file, content)
            self._content = content
        return self.source

    def _reload_mappings(self, source: ConnectionsSource) -> None:
        named = {str(entry.data.get("system")) for entry in source.entries}
        for system in named & set(self.mappings.systems):
            self.mappings.reload(system)

    def _connection(self, entry: Entry) -> Connection:
        """Return the connection of an entry. Raises ConnectionsError and MappingError."""
        return connection_in(entry, self._mapping(entry))

    def _mapping(self, entry: Entry) -> Mapping:
        return self.mappings.mapping(system_of(entry, self.mappings.systems))


def open_connections(settings: ConnectorsSettings) -> ConnectionBook:
    """Load the connections; the book holds their errors."""
    return ConnectionBook(settings.file, MappingBook(settings.folder))


def _named(source: ConnectionsSource, refused: dict[str, str]) -> Iterator[tuple[Entry, str]]:
    """Yield each entry with a unique name; the others are refused."""
    taken: set[str] = set()
    for entry in source.entries:
        try:
            name = _own_name(entry, taken)
        except ConnectionsError as error:
            refused[entry.place] = str(error)
        else:
            yield entry, name


def _own_name(entry: Entry, taken: set[str]) -> str:
    """Return the name of an entry, which is taken from now on. Raises ConnectionsError."""
    name = name_of(entry)
    if name in taken:
        raise entry.error("name", f"another connection is named `{name}` as well")
    taken.add(name)
    return name


def _is_exposed(path: Path) -> bool:
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & OTHERS)
    except OSError:
        return False
