"""The connections of a role, reloaded regularly; each refusal is logged once."""

import asyncio

import structlog

from pipeline.common import metrics
from pipeline.config.connectors import ConnectorsSettings
from pipeline.config.settings import SettingsError
from pipeline.connectors.setup.connections import ConnectionBook, open_connections

log = structlog.get_logger(__name__)


def demanded_connections(settings: ConnectorsSettings) -> ConnectionBook:
    """Load the connections. Raises SettingsError if their file is refused."""
    book = open_connections(settings)
    if book.failure:
        raise SettingsError(book.failure)
    return book


class WatchedConnections:
    """A book of connections, kept up to date."""

    def __init__(self, book: ConnectionBook) -> None:
        self._book = book
        self._told: list[str] = []

    async def reload(self) -> None:
        """Put changes in force, and log new refusals."""
        await asyncio.to_thread(self._book.reload)  # fixtures of many mappings take a second
        refused = self._book.errors
        metrics.CONNECTIONS_REFUSED.set(len(refused))
        for error in refused:
            if error not in self._told:
                log.error("connection refused, its last good version stays", problem=error)
        self._told = refused
