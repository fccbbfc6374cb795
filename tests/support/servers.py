"""Servers that tests start on loopback and stop again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.clickhouse_18.server import ClickHouse, ServerError


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


def missing(reason: str) -> None:
    """Skip the test, except in CI, where what a test needs has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def clickhouse_server(folder: Path, port: int | None = None) -> Iterator[Address]:
    """Debian's ClickHouse server in a folder of its own; it keeps what is there."""
    try:
        server = ClickHouse(folder, port)
    except ServerError as lacking:
        missing(str(lacking))
    try:
        server.start()
        yield Address(server.host, server.port)
    finally:
        server.stop()
