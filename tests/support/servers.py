"""Starts and stops servers on loopback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.clickhouse_18.server import ClickHouse, ServerError


class Address(NamedTuple):
    """Host and port of a server."""

    host: str
    port: int


def missing(reason: str) -> None:
    """Skip the test; in CI, where all requirements must be installed, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def clickhouse_server(folder: Path, port: int | None = None) -> Iterator[Address]:
    """Run Debian's ClickHouse server on a folder, whose data it keeps."""
    try:
        server = ClickHouse(folder, port)
    except ServerError as lacking:
        missing(str(lacking))
    try:
        server.start()
        yield Address(server.host, server.port)
    finally:
        server.stop()
