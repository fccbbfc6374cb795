"""Measures the latency from delivery to event, through receive and translate."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from benchmarks.connected import connected_roles
from benchmarks.machine import Machine
from benchmarks.observe import Latency, latency
from benchmarks.senders import event_of, send_all, send_steadily

BURST, QUICK_BURST = 20_000, 5_000
"""Deliveries sent as fast as they are accepted."""
SECONDS, QUICK_SECONDS = 30, 10
"""How long deliveries are sent at half the rate of the burst."""


class Delivered(msgspec.Struct, frozen=True):
    """`sustained` deliveries a second became events in a burst; `latency_ms` is at `rate`."""

    sustained: float
    rate: float
    latency_ms: Latency


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> Delivered:
    """Send signed deliveries in a burst, then at half its rate; each becomes one event."""
    burst, seconds = (QUICK_BURST, QUICK_SECONDS) if quick else (BURST, SECONDS)
    with connected_roles(machine) as (port, arrivals):
        begun, before = time.monotonic(), arrivals.times.total()
        asyncio.run(send_all(port, burst))
        arrivals.wait_until(lambda: arrivals.times.total() == before + burst)
        sustained = burst / (time.monotonic() - begun)
        progress(f"{sustained:,.0f} deliveries/s became events")
        rate = sustained / 2
        sent = asyncio.run(send_steadily(port, rate, int(rate * seconds)))
        arrivals.wait_until(lambda: all(event_of(one) in arrivals.first for one in sent))
    found = latency([arrivals.first[event_of(one)] - one.due for one in sent])
    progress(f"p99 {found.p99:,.0f} ms at {rate:,.0f}/s")
    return Delivered(sustained, rate, found)
