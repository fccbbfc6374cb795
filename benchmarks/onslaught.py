"""Measures the receiver under stress: a burst while Kafka is suspended, and forged deliveries."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import msgspec
import psutil

from benchmarks.connected import RECEIVE, connected_roles, settings_for, wait_until_taken
from benchmarks.machine import Machine
from benchmarks.measure import cpu_of
from benchmarks.observe import Latency, latency
from benchmarks.senders import Sent, event_of, send_steadily
from pipeline.common.ports import free_port

BURST_RATE, BURST_SECONDS, STILL_SECONDS = 2_000, 30.0, 10.0
"""Deliveries per second, their duration, and that of Kafka's suspension in the middle."""
HONEST_RATE, FORGED_RATE, FORGED_SECONDS = 200, 5_000, 20.0
"""Genuine and forged deliveries per second, and their duration."""
QUICK = 3
"""Share of the durations in a quick run."""


class Burst(msgspec.Struct, frozen=True):
    """The outcome of deliveries whose sender retries until they are accepted.

    Of those `taken` (answered 2xx), `lost` became no event, and `twice` are on the topic more than
    once under one id.
    """

    rate: float
    still_seconds: float
    sent: int
    put_off: int
    taken: int
    lost: int
    twice: int


class Forged(msgspec.Struct, frozen=True):
    """The receiver's cost per forged delivery, and latencies of genuine ones without and with."""

    rate: float
    sent: int
    refused: int
    cost_us: float
    honest_rate: float
    honest_taken: bool
    alone_ms: Latency
    beside_ms: Latency


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> tuple[Burst, Forged]:
    """Run both measurements in turn."""
    share = QUICK if quick else 1
    burst = _burst(machine, BURST_SECONDS / share, STILL_SECONDS / share)
    progress(f"of {burst.sent:,} deliveries {burst.taken:,} were taken, {burst.lost} of them lost")
    forged = _forged(machine, FORGED_SECONDS / share)
    progress(f"p99 {forged.alone_ms.p99:.0f} ms, {forged.beside_ms.p99:.0f} beside forgeries")
    return burst, forged


def _burst(machine: Machine, seconds: float, still: float) -> Burst:
    with connected_roles(machine) as (port, arrivals):
        middle = (seconds - still) / 2
        breaks = (
            threading.Timer(middle, machine.broker.suspend),
            threading.Timer(middle + still, machine.broker.resume),
        )
        for one in breaks:
            one.start()
        count = int(BURST_RATE * seconds)
        sent = asyncio.run(send_steadily(port, BURST_RATE, count, again=True))
        for one in breaks:
            one.join()
        taken = {event_of(one) for one in sent if one.status == 200}
        arrivals.wait_until(lambda: taken <= arrivals.first.keys())
    return Burst(
        BURST_RATE,
        still,
        count,
        sum(one.tries > 1 for one in sent),
        len(taken),
        len(taken - arrivals.first.keys()),
        sum(times > 1 for event, times in arrivals.times.items() if event in taken),
    )


def _forged(machine: Machine, seconds: float) -> Forged:
    machine.fresh_topics()
    port = free_port()
    with (
        machine.running(RECEIVE, settings_for(machine.folder, port)) as process,
        ProcessPoolExecutor(1, get_context("spawn")) as attacker,
    ):
        wait_until_taken(port)
        honest = (port, HONEST_RATE, int(HONEST_RATE * seconds))
        alone = asyncio.run(send_steadily(*honest))
        begun = cpu_of(psutil.Process(process.pid))
        attack = attacker.submit(_attack, port, int(FORGED_RATE * seconds))
        beside = asyncio.run(send_steadily(*honest))
        refused = attack.result()
        used = cpu_of(psutil.Process(process.pid)) - begun
    lasted = max(one.due + one.took for one in refused) - min(one.due for one in refused)
    return Forged(
        len(refused) / lasted,
        len(refused),
        sum(one.status == 401 for one in refused),
        used / (len(refused) + len(beside)) * 1e6,
        HONEST_RATE,
        all(one.status == 200 for one in beside),
        latency([one.took for one in alone]),
        latency([one.took for one in beside]),
    )


def _attack(port: int, count: int) -> list[Sent]:
    """Send deliveries without knowing the secret."""
    return asyncio.run(send_steadily(port, FORGED_RATE, count, secret="guessed"))
