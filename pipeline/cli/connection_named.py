"""Finds the connection that a command names."""

from pipeline.cli.errors import UsageError
from pipeline.connectors.connection import Connection
from pipeline.connectors.setup.connections import ConnectionBook


def connection_named(name: str, book: ConnectionBook) -> Connection:
    """Return a connection in force by name. Raises UsageError if there is none."""
    if name not in book.connections:
        known = ", ".join(sorted(book.connections)) or "none"
        raise UsageError(
            book.refused.get(name) or f"there is no connection {name}; there are: {known}"
        )
    return book.connections[name]
