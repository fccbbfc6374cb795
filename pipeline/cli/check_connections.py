"""Checks the connections for `nabiz doctor` and `nabiz config --check`."""

from collections import Counter
from collections.abc import Iterator

from pipeline.cli.checkup import Finding
from pipeline.common.plurals import counted
from pipeline.common.urls import is_loopback
from pipeline.config.settings import Settings, SettingsError
from pipeline.connectors.sealing import open_seal
from pipeline.connectors.setup.connections import ConnectionBook, open_connections


def check_connections(settings: Settings) -> Iterator[Finding]:
    """Find refused connections, those open to anybody, and secrets that others can read."""
    book = open_connections(settings.connectors)
    for error in book.errors:
        yield Finding("connections", "problem", error, "correct it: it is in force within seconds")
    for path in book.exposed:
        yield Finding(
            "connections", "warning", f"others can read the secret in {path}", f"chmod 600 {path}"
        )
    yield from _careless(book, settings)
    if book.connections:
        yield _key(settings)
    yield Finding("connections", "ok", counted(len(book.connections), "connection"))


def _careless(book: ConnectionBook, settings: Settings) -> Iterator[Finding]:
    for name, connection in book.connections.items():
        if connection.settings.get("auth") == "none" and not is_loopback(settings.receive.host):
            yield Finding(
                "connections",
                "warning",
                f"{name} takes deliveries from anybody who knows its address (auth: none)",
                "leave `auth` out, or let only its system reach the receiver",
            )
    scopes = Counter((one.system, one.scope) for one in book.connections.values())
    for (system, scope), count in scopes.items():
        if count > 1:
            yield Finding(
                "connections",
                "warning",
                f"{count} connections of {system} have the scope `{scope}`",
                "give each a `scope` of its own, unless they are of one account: ids begin with it",
            )


def _key(settings: Settings) -> Finding:
    try:
        return Finding(
            "seal", "ok", f"deliveries are sealed with the key {open_seal(settings).name}"
        )
    except SettingsError as error:
        return Finding("seal", "warning", str(error), "`nabiz up` makes one in its data folder")
