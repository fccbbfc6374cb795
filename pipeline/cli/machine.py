"""Runs everything on one machine: Kafka, store, roles, API and sample."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.broker.local import LocalBroker
from pipeline.broker.prepare import prepare
from pipeline.broker.topics import apply_topics
from pipeline.cli.errors import Unavailable, UsageError
from pipeline.cli.nursery import close_nursery, forked, open_nursery
from pipeline.cli.steps import step
from pipeline.cli.supervisor import LONGEST_PAUSE, Child, answers, end_of, stop
from pipeline.cli.target import ADDRESSES, Addresses, credentials, write_addresses
from pipeline.common.ports import HOST, free_port, is_free
from pipeline.common.processes import bound
from pipeline.common.progress import Watch
from pipeline.common.urls import own_page
from pipeline.config.groups import ROOT
from pipeline.config.settings import STREAM_ROLES, Settings, store_address
from pipeline.connectors.local_key import make_local_key
from pipeline.connectors.setup.catalogue import has_polls
from pipeline.connectors.setup.connection_file import connected_systems
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import OF_CONNECTIONS

NEARLY_FULL = 2**25
"""Free bytes below which Kafka cannot write segment indices and checkpoints."""
DEATHS_AT_START = 3
"""Deaths before readiness after which a role is given up."""
HISTORY_PUBLISHED = "sample-history-published"
"""Marks that the sample's history was published; an interrupted start publishes it again."""
CONNECTED = ("receive", *OF_CONNECTIONS)
"""Roles that run only where other systems are connected."""
SAMPLE_RATE = 20
"""Events a second of the sample: visible activity at little cost for a laptop."""


class Machine:
    """Starts and stops everything in order; `tick` keeps it running."""

    def __init__(self, settings: Settings, folder: Path, port: int, console: Console) -> None:
        self.folder = folder
        self.api = own_page(settings.api.host, port)
        self.credentials = credentials(settings.api)
        self.children: list[Child] = []
        self._settings = settings
        self._patience = settings.up.patience
        self._port = port
        self.console = console
        self._broker: LocalBroker | None = None
        self._broker_again_at = 0.0

    @property
    def started_before(self) -> bool:
        """Return whether the folder holds data of an earlier run."""
        return (self.folder / "kafka").exists()

    def start(self, *, sample: bool) -> None:
        """Start everything and return when every role is ready; on an error stop what was started.

        Raises BrokerError if Kafka cannot start, and Unavailable with the end of its log if a role
        does not come up or the sample ends in an error.
        """
        open_nursery()
        prepare(self.console)
        with step(self.console, "starting Kafka") as say:
            self._broker = self._start_broker(say)
        bootstrap = self._broker.bootstrap
        with step(self.console, "creating topics") as say:
            self._create_topics(bootstrap, say)
        with step(self.console, "starting the roles") as say:
            for role in self._roles():
                self._start_role(role, bootstrap)
            self._wait_until_ready(say)
        self._write_addresses(bootstrap)
        if sample:
            self._start_sample()

    def tick(self) -> None:
        """Restart processes that died or hang, and start those that new connections need.

        Raises Unavailable where another program has taken the port of a Kafka that died.
        """
        if self._broker and self._broker.process.poll() is not None:
            self._restart_broker(self._broker.port)
        self._see_to_connections()
        for child in self.children:
            child.tick()
            bound(child.log)
        if self._broker:
            bound(self._broker.log)

    def _restart_broker(self, port: int) -> None:
        """Restart Kafka repeatedly: the cause, such as a full disk, may go away.

        The processes know it by its port: on another one, all of them would have to be restarted.
        """
        if time.monotonic() < self._broker_again_at:
            return
        if not is_free(port):
            raise Unavailable(
                f"Kafka has ended, and another program has taken its port {port}: type nabiz up "
                "again, which takes another one and goes on where this one was"
            )
        try:
            self._broker = self._start_broker(lambda _: None, port)
        except (BrokerError, OSError) as error:
            self._broker_again_at = time.monotonic() + LONGEST_PAUSE
            self.console.print(
                f"{self._why_down(error)} (tried again every {LONGEST_PAUSE:g} s)", markup=False
            )

    def _why_down(self, error: Exception) -> str:
        if shutil.disk_usage(self.folder).free < NEARLY_FULL:
            return f"Kafka does not run: the disk of {self.folder} is full. Make room"
        return str(error)

    def stop(self) -> None:
        """Stop all clients of Kafka at once, then Kafka."""
        (self.folder / ADDRESSES).unlink(missing_ok=True)
        stop(self.children)
        if self._broker:
            self._broker.stop()
        close_nursery()

    def _roles(self) -> tuple[str, ...]:
        """Return the roles; with the in-process store, `record` serves the API."""
        always = tuple(role for role in STREAM_ROLES if role not in OF_CONNECTIONS)
        api = () if store_address(self._settings.store) is None else ("api",)
        return (*self._of_connections(), *always, *api)

    def _of_connections(self) -> tuple[str, ...]:
        """Return the roles that connections need; if there are any, make the key for sealing.

        Raises OSError if it cannot be made.
        """
        connectors = self._settings.connectors
        systems = connected_systems(connectors.file)
        if not systems:
            return ()
        make_local_key(self.folder)
        asks = has_polls(connectors.folder, systems)
        return CONNECTED if asks else tuple(role for role in CONNECTED if role != "poll")

    def _see_to_connections(self) -> None:
        """Start the roles of connections once there is one."""
        if not self._broker:
            return
        running = {child.name for child in self.children}
        if missing := [role for role in self._of_connections() if role not in running]:
            for role in missing:
                self._start_role(role, self._broker.bootstrap)
            self._write_addresses(self._broker.bootstrap)

    def _write_addresses(self, bootstrap: str) -> None:
        pages = {child.name: child.page for child in self.children if child.page}
        write_addresses(self.folder, Addresses(bootstrap, self.api, pages))

    def _start_role(self, role: str, bootstrap: str) -> None:
        self.children.append(self._role(role, bootstrap))
        self.children[-1].start()
        if role == "receive":
            receive = self._settings.receive
            address = f"{own_page(receive.host, receive.port)}/in/NAME"
            self.console.print(f"Other systems send to {address}", markup=False)

    def _role(self, role: str, bootstrap: str) -> Child:
        page_port = free_port()
        return Child(
            role,
            ["worker", role],
            {
                "NABIZ_DATA": str(self.folder),
                "NABIZ_KAFKA_BOOTSTRAP": bootstrap,
                "NABIZ_API_PORT": str(self._port),
                "NABIZ_WORKER_PORT": str(page_port),
                "NABIZ_WORKER_INSTANCE": f"{role}-0",
            },
            self.folder / "logs" / f"{role}.log",
            self.api if role == "api" else own_page(self._settings.worker.host, page_port),
            launch=forked,
        )

    def _start_broker(self, say: Callable[[str], None], port: int | None = None) -> LocalBroker:
        return LocalBroker.start(self.folder / "kafka", port, patience=self._patience, say=say)

    def _create_topics(self, bootstrap: str, say: Callable[[str], None]) -> None:
        """Retry while Kafka takes longer to answer than its clients wait."""
        watch = self._watch()
        while True:
            try:
                apply_topics(bootstrap, load_topics(ROOT / "schemas").values())
                return
            except BrokerUnavailable:
                if self._stalled(watch):
                    raise
                say(watch.said(time.monotonic()))

    def _wait_until_ready(self, say: Callable[[str], None]) -> None:
        watch = self._watch()
        waiting = {child.page: child for child in self.children} | {self.api: self.children[-1]}
        while waiting:
            for page, child in list(waiting.items()):
                if answers(page):
                    del waiting[page]
                elif child.halted or child.deaths >= DEATHS_AT_START:
                    raise _away(child, "does not come up")
            now = time.monotonic()
            if waiting and self._stalled(watch):
                raise _away(next(iter(waiting.values())), watch.failed(now))
            names = ", ".join(dict.fromkeys(child.name for child in waiting.values()))
            say(f"waiting for {names}, {watch.said(now)}")
            for child in self.children:
                child.revive()
            time.sleep(0.1)

    def _watch(self) -> Watch:
        return Watch(self._patience, time.monotonic())

    def _stalled(self, watch: Watch) -> bool:
        """Return whether Kafka and the roles have stalled: a role may have to wait for Kafka.

        Raises BrokerError if Kafka has ended: then they wait in vain.
        """
        processes = [child.process for child in self.children if child.process]
        if self._broker:
            self._broker.demand_running()
            processes.append(self._broker.process)
        pids = [process.pid for process in processes]
        return watch.stalled(pids, [child.log for child in self.children], time.monotonic())

    def _start_sample(self) -> None:
        """Publish a day of history once, then live events; simulated staff act on alerts."""
        simulate = ["simulate", "--publish", "--data", str(self.folder)]
        log = self.folder / "logs" / "sample.log"
        published = self.folder / HISTORY_PUBLISHED
        if not published.exists():
            with step(self.console, "publishing a made-up day"):
                ended = forked([*simulate, "--days", "1"], {}, log).wait()
            if ended:
                raise Unavailable(
                    f"the sample's history was not published; the end of {log}:\n{end_of(log)}"
                )
            published.touch()
        for name, arguments in (("sample", ["--rate", str(SAMPLE_RATE)]), ("desk", ["--desk"])):
            log = self.folder / "logs" / f"{name}.log"
            child = Child(name, [*simulate, *arguments], {}, log, "", launch=forked)
            child.start()
            self.children.append(child)


def _away(child: Child, why: str) -> Unavailable:
    return Unavailable(f"{child.name} {why}; the end of {child.log}:\n{child.last_words()}")


def api_port(wanted: int, host: str = HOST) -> int:
    """Return `wanted`, or a free port for 0. Raises UsageError if somebody else has it."""
    if wanted == 0:
        return free_port()
    if not is_free(wanted, host):
        by_make = "MAKELEVEL" in os.environ  # as make says to the commands that it runs
        retry = "NABIZ_API_PORT=0 make run" if by_make else "nabiz up --port 0"
        raise UsageError(
            f"port {wanted} is in use by another program. To take any free one instead, type: "
            f"{retry}"
        )
    return wanted
