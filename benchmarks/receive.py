"""Measures the receiver against an empty route of Litestar, alternately."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import psutil

from benchmarks import onslaught
from benchmarks.connected import RECEIVE, settings_for, wait_until_taken
from benchmarks.machine import Machine, Subject
from benchmarks.measure import cpu_of
from benchmarks.senders import send_all
from pipeline.common.ports import free_port
from pipeline.contracts.topology import RECEIVED

ROUNDS, QUICK_ROUNDS = 5, 3
REQUESTS, QUICK_REQUESTS = 20_000, 4_000
BARE = Subject("bare route", "", ("benchmarks.subjects.bare_route",))


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Send the same signed deliveries to both alternately; return the cost per request."""
    machine.fresh_topics()
    rounds, requests = (QUICK_ROUNDS, QUICK_REQUESTS) if quick else (ROUNDS, REQUESTS)
    with _serving(machine, BARE) as bare, _serving(machine, RECEIVE) as receive:
        for server in (bare, receive):
            server.cost_us(requests // 10)
        before = machine.ends([RECEIVED])
        pairs = []
        for number in range(rounds):
            pairs.append((bare.cost_us(requests), receive.cost_us(requests)))
            progress(f"round {number + 1}: {pairs[-1][0]:.0f} µs bare, {pairs[-1][1]:.0f} µs ours")
        kept = machine.ends([RECEIVED]) - before
    burst, forged = onslaught.run(machine, quick, progress)
    return {
        "burst": burst,
        "forged": forged,
        "rounds": rounds,
        "requests": requests,
        "kept": kept,
        "bare_us": median(pair[0] for pair in pairs),
        "receive_us": median(pair[1] for pair in pairs),
        "ratio": median(pair[0] / pair[1] for pair in pairs),
    }


class _Server:
    """A server under measurement."""

    def __init__(self, process: psutil.Process, port: int) -> None:
        self._process = process
        self._port = port

    def cost_us(self, requests: int) -> float:
        """Send requests; return CPU microseconds per request."""
        begun = cpu_of(self._process)
        asyncio.run(send_all(self._port, requests))
        return (cpu_of(self._process) - begun) / requests * 1e6


@contextmanager
def _serving(machine: Machine, subject: Subject) -> Iterator[_Server]:
    port = free_port()
    if subject is BARE:
        subject = Subject(subject.name, subject.role, (*subject.command, str(port)))
    with machine.running(subject, settings_for(machine.folder, port)) as process:
        wait_until_taken(port)
        yield _Server(psutil.Process(process.pid), port)
