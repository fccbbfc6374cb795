"""Measures the whole chain on one machine: sustained rate, latencies below it, overload."""

from collections.abc import Callable

from benchmarks.backpressure import equal, overload
from benchmarks.machine import Machine
from benchmarks.measure import Crew
from benchmarks.observe import Load, Seen, latency
from benchmarks.throughput import GROUPS

TIMES = 10.0
MAX_LAG = 2.0
FIRST_RATE = 1_000.0
LOWEST_RATE = 50.0
FACTOR = 1.5
REFINEMENTS = 2
TRIES = 2
"""Attempts per rate: other work can make a sustainable rate fail, but never the reverse."""
WHOLE = GROUPS["whole"]["Nabız"]
SHARES = (0.2, 0.5, 0.8)


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Search for the sustained rate; measure at shares of it and at a multiple."""
    step, length, flood = (4.0, 5.0, 3.0) if quick else (8.0, 15.0, 12.0)
    machine.fresh_topics()
    crew = Crew(machine, WHOLE, {})
    shares = {}
    calm = []
    with crew.running():
        load = Load(machine, crew)
        load(FIRST_RATE / 2, 2.0)  # all roles are up, caches are warm
        sustained = highest(load, step, progress)
        for share in SHARES:
            progress(f"latency at {share:.0%} of {sustained:,.0f} events/s")
            seen = load(sustained * share, length)
            shares[f"{share:.0%}"] = latencies(seen, sustained * share)
            calm += seen.series
        progress(f"{TIMES:.0f} times {sustained:,.0f} events/s for {flood:.0f} s")
        flooded = load(sustained * TIMES, flood)
    progress("what is stored is compared with what was sent")
    return {
        "sustained": sustained,
        "max_lag_s": MAX_LAG,
        "latency": shares,
        "overload": {
            "rate": sustained * TIMES,
            "seconds": flood,
            **overload(flooded, calm),
            "equal": equal(machine, crew.environment["NABIZ_STORE_URL"], load.sent),
        },
    }


def latencies(seen: Seen, rate: float) -> dict[str, object]:
    """Summarize a load; the baseline is a message that no role handles."""
    hop = latency(seen.hops)
    alert = latency([one.latency for one in seen.alerts])
    kpi = latency(seen.kpis)
    return {
        "rate": rate,
        "hop_ms": hop,
        "alert_ms": alert,
        "kpi_ms": kpi,
        "alert_to_hop": alert.p50 / hop.p50,
        "kpi_to_hop": kpi.p50 / hop.p50,
    }


def lag_of(seen: Seen, seconds: float) -> float:
    """Return the largest lag of any role from the middle of a load until it was drained."""
    return max(max(one.lag_seconds.values()) for one in seen.series if one.at >= seconds / 2)


def highest(load: Load, seconds: float, progress: Callable[[str], None]) -> float:
    """Return the highest sustained rate: search up in steps, then bisect the last step."""

    def holds(rate: float) -> bool:
        for _ in range(TRIES):
            lag = lag_of(load(rate, seconds), seconds)
            progress(f"{rate:,.0f} events/s: lag {lag:.1f} s")
            if lag < MAX_LAG:
                return True
        return False

    good = FIRST_RATE
    while not holds(good):
        good /= 2
        if good < LOWEST_RATE:
            raise RuntimeError("the chain lags at any rate: is this machine busy with other work?")
    bad = good * FACTOR
    while holds(bad):
        good, bad = bad, bad * FACTOR
    for _ in range(REFINEMENTS):
        middle = (good + bad) / 2
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    return good
