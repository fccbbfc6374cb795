"""Starts and stops servers on loopback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from benchmarks.clickhouse_18.server import ClickHouse, ServerError


class Address(NamedTuple):
    """Host and port of a server."""

    host: str
    port: int


def missing(reason: str) -> NoReturn:
    """Skip the test; in CI, where all requirements must be installed, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def installed_clickhouse(folder: Path, port: int | None = None) -> ClickHouse:
    """Return Debian's ClickHouse server on a folder, whose data it keeps; it is not started."""
    try:
        return ClickHouse(folder, port)
    except ServerError as lacking:
        missing(str(lacking))


@contextmanager
def running_clickhouse(folder: Path, port: int | None = None) -> Iterator[ClickHouse]:
    """Run that server."""
    server = installed_clickhouse(folder, port)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def clickhouse_server(folder: Path, port: int | None = None) -> Iterator[Address]:
    """Run that server; yields its address."""
    with running_clickhouse(folder, port) as server:
        yield Address(server.host, server.port)
