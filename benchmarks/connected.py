"""Runs receive and translate with a connection of WhatsApp for measurements."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.arrivals import Arrivals, arriving
from benchmarks.machine import Machine, Subject
from benchmarks.senders import SECRET, send_all
from benchmarks.throughput import ours
from pipeline.common.ports import free_port

RECEIVE = Subject("Nabız receive", "receive", ("pipeline.cli", "worker", "receive"))


@contextmanager
def connected_roles(machine: Machine) -> Iterator[tuple[int, Arrivals]]:
    """Run receive and translate on new topics; yield the port and the arriving events.

    No supervisor restarts a role that its group expels while the broker is suspended, so the
    session timeout is longer.
    """
    machine.fresh_topics()
    port = free_port()
    settings = {**settings_for(machine.folder, port), "NABIZ_KAFKA_SESSION_TIMEOUT": "40"}
    with (
        machine.running(RECEIVE, settings),
        machine.running(ours("translate"), settings),
        arriving(machine) as arrivals,
    ):
        wait_until_taken(port)
        arrivals.wait_until(lambda: arrivals.first)
        yield port, arrivals


def settings_for(folder: Path, port: int) -> Mapping[str, str]:
    """Set up a connection of WhatsApp, and a receiver at a port."""
    (folder / "secret").write_text(SECRET)
    file = folder / "connections.yaml"
    entry = "{name: whatsapp, system: whatsapp, secret_file: secret}"
    file.write_text(f"pseudonym_key_file: secret\nconnections: [{entry}]\n")
    return {
        "NABIZ_CONNECTORS_FILE": str(file),
        "NABIZ_CONNECTORS_KEY": "k" * 32,
        "NABIZ_RECEIVE_PORT": str(port),
        "NABIZ_RECEIVE_RATE": "1000000",
    }


def wait_until_taken(port: int) -> None:
    """Return once a delivery is taken."""
    while True:
        with suppress(OSError, RuntimeError):
            return asyncio.run(send_all(port, 1))
        time.sleep(0.1)
