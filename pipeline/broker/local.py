"""Runs a real Apache Kafka for one user: a single KRaft node on loopback, without Docker.

Its folder holds everything: the log, the ports (so that the address survives restarts) and
`kafka.log` of the last run.
"""

import base64
import contextlib
import fcntl
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import msgspec
from rich.console import Console

from pipeline.broker.errors import BrokerError
from pipeline.broker.java import java, java_environment, properties
from pipeline.broker.tied_to_parent import tied
from pipeline.common.ports import HOST, free_port, is_free
from pipeline.common.processes import end
from pipeline.common.progress import PATIENCE, Watch

STOP_TIMEOUT, GIVE_UP_TIMEOUT = 60.0, 5.0
"""Seconds for an orderly stop; less if the broker never came up."""
LOG_TAIL = 15
"""Lines of the broker's log quoted in an error."""

HERE = "/proc/self/cwd" if sys.platform == "linux" else "."
"""How Kafka names its folder, in which it runs: no path is too long, none has a comma or a byte
that Java cannot read."""
CONFIGURATION, LOG = f"{HERE}/server.properties", "kafka.log"

PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": f"{HERE}/log",
    "num.network.threads": 2,
    "num.io.threads": 4,
    "auto.create.topics.enable": "false",
    "default.replication.factor": 1,
    "min.insync.replicas": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "group.initial.rebalance.delay.ms": 0,
    "log.segment.bytes": 134_217_728,
    "log.retention.hours": 168,
    "log.cleaner.dedupe.buffer.size": 16_777_216,
    # A lone controller need not tell itself twice a second that it is there.
    "metadata.max.idle.interval.ms": 0,
    # On a busy machine it takes longer than its own minute; how long is for us to say.
    "initial.broker.registration.timeout.ms": 2**31 - 1,
}


class Ports(msgspec.Struct, frozen=True):
    """Ports of the broker and its controller in the last run."""

    port: int | None = None
    controller_port: int | None = None


@dataclass
class LocalBroker:
    """A running broker, as a context manager that stops it."""

    port: int
    """Port for clients."""
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls,
        data: Path,
        port: int | None = None,
        console: Console | None = None,
        patience: float = PATIENCE,
        say: Callable[[str], None] = lambda _: None,
        options: Sequence[str] = (),
    ) -> "LocalBroker":
        """Install Kafka if needed, start it on `data`, and return when it answers clients.

        It may take as long as it gets anywhere: it has failed when nothing moved for `patience`
        seconds. `say` is told how long it takes; `options` are Java's.
        Without `port` the one of the last run is used again if it is free, else a free one.
        The broker ends with the thread that calls this (Linux), so call it from the main thread.
        Raises `BrokerError` if it cannot be installed, `port` is taken, another broker uses
        `data`, or it does not come up; the message then ends with the tail of its log.
        """
        command = java(console, options)
        data.mkdir(parents=True, exist_ok=True)
        log = data / LOG
        with _claim(data) as lock, log.open("ab") as output:
            output.truncate(0)
            chosen = _configure(data, port)
            _take_back_misplaced_log(data / "log")
            if not (data / "log" / "meta.properties").exists():
                _format(data, output)
            process = subprocess.Popen(
                tied([*command, "kafka.Kafka", CONFIGURATION]),
                cwd=data,
                env=java_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C is for us; we stop it in order
                pass_fds=[lock.fileno()],
            )
        broker = cls(chosen, process, log)
        try:
            broker._wait_until_it_answers(patience, say)
        except BaseException:
            end(GIVE_UP_TIMEOUT, process)
            raise
        return broker

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"

    def stop(self) -> None:
        """Stop the broker; kill it if that takes too long."""
        end(STOP_TIMEOUT, self.process)

    def demand_running(self) -> None:
        """Raise BrokerError with the end of the log if the broker has exited."""
        if (status := self.process.poll()) is not None:
            raise BrokerError(f"Kafka ended with status {status}. {_tail(self.log)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_it_answers(self, patience: float, say: Callable[[str], None]) -> None:
        watch = Watch(patience, time.monotonic())
        while not _answers(self.port):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
            self.demand_running()
            if watch.stalled([self.process.pid], [self.log], now := time.monotonic()):
                raise BrokerError(f"Kafka {watch.failed(now)}. {_tail(self.log)}")
            say(watch.said(now))


def _answers(port: int) -> bool:
    """Return whether a broker answers an ApiVersions request (version 0) without an error."""
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
    """Lock the folder against other brokers; processes that inherit the file keep the lock.

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


def _configure(data: Path, port: int | None) -> int:
    """Choose ports, write the broker's configuration, and return the port for clients."""
    record = data / "ports.json"
    last = _last_ports(record)
    if port is not None and not is_free(port):
        raise BrokerError(f"Port {port} is taken by another program. Choose another for Kafka.")
    port = port or free_port(last.port)
    controller = free_port(last.controller_port, {port})
    record.write_bytes(msgspec.json.encode(Ports(port, controller)))
    clients, quorum = f"PLAINTEXT://{HOST}:{port}", f"{HOST}:{controller}"
    addresses = {
        "controller.quorum.voters": f"1@{quorum}",
        "listeners": f"{clients},CONTROLLER://{quorum}",
        "advertised.listeners": clients,
    }
    written = properties({**PROPERTIES, **addresses})
    (data / Path(CONFIGURATION).name).write_text(written, encoding="ascii")
    return port


def _last_ports(record: Path) -> Ports:
    """Read the record; None if a full disk truncated it."""
    try:
        return msgspec.json.decode(record.read_bytes(), type=Ports)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return Ports()


def _take_back_misplaced_log(log: Path) -> None:
    """Move the log from where an earlier version wrote it for paths that are not ASCII.

    Java had read its UTF-8 settings as Latin-1, and created folders with the resulting names.
    Raises BrokerError if the folder cannot be moved.
    """
    path = str(log.resolve())
    try:
        misplaced = Path(path.encode().decode("latin-1"))
    except UnicodeEncodeError:  # bytes that are no UTF-8: nothing could be written there
        return
    marks = [(folder / "meta.properties").exists() for folder in (log, misplaced)]
    if path.isascii() or marks != [False, True]:
        return
    try:
        misplaced.rename(log)
    except OSError as error:
        raise BrokerError(
            f"Kafka's log of this folder is in {misplaced}, where an earlier Nabız wrote it, and "
            f"cannot be moved ({error.strerror}): move it to {log}, then start again."
        ) from error
    for empty in misplaced.parents:
        try:
            empty.rmdir()
        except OSError:
            return


def _format(data: Path, output: IO[bytes]) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", CONFIGURATION]
    done = subprocess.run(
        [*java(), *tool],
        cwd=data,
        env=java_environment(),
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise BrokerError(f"Kafka could not prepare its folder. {_tail(data / LOG)}")


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL:]
    return "\n".join([f"The end of {log}:", *lines])
