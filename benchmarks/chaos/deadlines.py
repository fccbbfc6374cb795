"""Faults while time passes: what was promised becomes due, and deadlines of people end."""

from random import Random

from benchmarks.chaos.content import missed, overdue
from benchmarks.chaos.faults import WITH_STATES, Dose
from benchmarks.chaos.stories import SILENCE, before_silence, last_time
from benchmarks.chaos.system import System


def silence(system: System, dose: Dose, rng: Random) -> None:
    """Kill -9 roles while nothing comes and what was waited for becomes due by the clock alone.

    They are away past some deadlines. Then what comes late comes, and the last visits: so all else
    becomes overdue at once, and they are killed again.
    """
    quiet = before_silence(system.load)
    until = last_time(quiet) + SILENCE
    system.feeder.hold_after = len(quiet)
    system.until("nothing comes any more", system.feeder.waits.is_set)
    times = dose.times // 2
    for _ in range(times):
        _kill_for(system, rng, rng.uniform(0, dose.away))
        system.wait(rng.uniform(0, dose.away))
    kafka = system.broker.bootstrap
    system.until(
        "all is judged and told without a message",
        lambda: not overdue(kafka, until) and not missed(kafka, until),
    )
    system.feeder.go_on()
    system.until("time has passed", lambda: not system.feeder.is_alive())
    for _ in range(dose.times - times):
        system.wait(rng.uniform(0, dose.away))
        _kill_for(system, rng, 0)


def _kill_for(system: System, rng: Random, seconds: float) -> None:
    """Kill -9 a role that deadlines move, and start it again after some seconds."""
    role = rng.choice(WITH_STATES)
    [worker] = system.workers.of(role)
    system.workers.kill(worker)
    system.wait(seconds)
    system.workers.start(worker)
    system.fault(f"kill -9 {role}")
