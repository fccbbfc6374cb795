"""Runs the server on loopback in its own folder, to be stopped and killed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from pipeline.broker.tied_to_parent import tied
from pipeline.common.ports import HOST, free_port
from pipeline.common.progress import PATIENCE, Watch

SERVER = shutil.which("clickhouse-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIG = Path("/etc/clickhouse-server")
STOP_TIMEOUT = 2.0
"""Seconds for a stopping server to finish its merges."""


class ServerError(Exception):
    """The server is not installed or does not start; the message says what to do."""


class ClickHouse:
    """A server that keeps its data and its port over stops and kills.

    Its time zone is Istanbul's, so that tests fail if stored times depend on it.
    """

    host = HOST

    def __init__(self, folder: Path, port: int | None = None) -> None:
        if SERVER is None or not (CONFIG / "config.xml").exists():
            raise ServerError(
                "clickhouse-server is not installed (on Debian: apt-get install clickhouse-server)"
            )
        self.port = port or free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return when it listens. Raises ServerError if it does not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        config = _configure(self._folder, self.port)
        output = self._folder / "output.log"
        with output.open("ab") as log:
            self._process = subprocess.Popen(
                tied([str(SERVER), f"--config-file={config}"]),
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        watch, seen = Watch(PATIENCE, time.monotonic()), ([self._process.pid], [output])
        while self._process.poll() is None and not watch.stalled(*seen, time.monotonic()):
            with suppress(OSError):
                socket.create_connection((self.host, self.port), timeout=1).close()
                return
            time.sleep(0.05)
        raise ServerError(f"clickhouse-server did not start:\n{output.read_text()[-2000:]}")

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise ServerError("clickhouse-server has not been started")
        return self._process.pid

    def stop(self) -> None:
        """Stop the server; kill it after STOP_TIMEOUT."""
        if self._process:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT)
            self.kill()

    def kill(self) -> None:
        """Kill the server, as a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Suspend the server; connections stay open."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended server."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)


def as_it_was(configuration: str) -> str:
    """Return a current configuration for the server of 2018, whose root has another name."""
    text = re.sub(r"(</?)clickhouse>", r"\1yandex>", configuration)
    return re.sub(r"<constraints>.*?</constraints>", "", text, flags=re.DOTALL)


def _configure(folder: Path, port: int) -> Path:
    """Write the packaged configuration with other paths, ports and time zone."""
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
