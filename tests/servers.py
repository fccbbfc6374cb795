"""Servers that tests start on loopback and stop again."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

CLICKHOUSE = shutil.which("clickhouse-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIG = Path("/etc/clickhouse-server")


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(reason: str) -> None:
    """Skip the test, except in CI, where what a test needs has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def clickhouse_server(folder: Path, port: int | None = None) -> Iterator[Address]:
    """Debian's ClickHouse server in a folder of its own; it keeps what is there.

    Its time zone is Istanbul's, so that a test fails where stored times depend on it.
    """
    if CLICKHOUSE is None or not (CONFIG / "config.xml").exists():
        missing("clickhouse-server is not installed (on Debian: apt-get install clickhouse-server)")
    port = port or free_port()
    config = _clickhouse_config(folder, port)
    with (folder / "output.log").open("wb") as log:
        server = subprocess.Popen(
            [str(CLICKHOUSE), f"--config-file={config}"], stdout=log, stderr=log, cwd=folder
        )
    try:
        _await_clickhouse(server, port, folder / "output.log")
        yield Address("127.0.0.1", port)
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=2)
        server.kill()
        server.wait()


def _clickhouse_config(folder: Path, port: int) -> Path:
    """The packaged configuration with its paths, ports and time zone changed."""
    text = re.sub(r"<!--.*?-->", "", (CONFIG / "config.xml").read_text(), flags=re.DOTALL)
    values = {
        "log": folder / "server.log",
        "errorlog": folder / "error.log",
        "http_port": free_port(),
        "tcp_port": port,
        "interserver_http_port": free_port(),
        "path": f"{folder}/data/",
        "tmp_path": f"{folder}/tmp/",
        "user_files_path": f"{folder}/files/",
        "format_schema_path": f"{folder}/schemas/",
        "mark_cache_size": 67_108_864,
        "uncompressed_cache_size": 0,
    }
    for tag in ("https_port", "tcp_port_secure", "openSSL", "remote_servers"):
        text = re.sub(rf"<{tag}\b.*?</{tag}>", "", text, flags=re.DOTALL)
    for tag, value in values.items():
        text = re.sub(rf"<{tag}>.*?</{tag}>", f"<{tag}>{value}</{tag}>", text, flags=re.DOTALL)
    extra = "<timezone>Europe/Istanbul</timezone><listen_host>127.0.0.1</listen_host>"
    config = folder / "config.xml"
    config.write_text(text.replace("</yandex>", f"{extra}</yandex>"))
    shutil.copy(CONFIG / "users.xml", folder / "users.xml")
    return config


def _await_clickhouse(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Return when the server listens; fail with its output when it ends or takes 30 s."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    pytest.fail(f"clickhouse-server did not start:\n{log.read_text(errors='replace')[-2000:]}")
