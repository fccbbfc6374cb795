"""Measures scaling: roles by workers, and `detect` with its recovery by customers."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import cycle
from random import Random

import msgspec
from confluent_kafka.admin import NewTopic
from kafka.partitioner.default import murmur2

from benchmarks.machine import Machine, Subject
from benchmarks.measure import POLL, Crew, Sample, Spread, measure, spread, steady, watch
from benchmarks.messages import (
    SEED,
    Ready,
    dated,
    events,
    fill,
    producer,
    raw_templates,
    scored_templates,
    send,
)
from benchmarks.throughput import ours
from pipeline.config.groups import DetectSettings
from pipeline.config.settings import Settings
from pipeline.contracts.topology import CHANGELOG
from pipeline.detection.customer import NEVER, Arrival, apply, encode_state
from pipeline.detection.rules import RuleBook
from pipeline.model.reading import Scored

WORKERS = (1, 2, 3, 4)
CUSTOMERS = (1_000, 10_000, 100_000, 1_000_000)
QUICK_CUSTOMERS = (1_000, 100_000)
PARTITIONS = 4
MODELS = 500
"""Customers whose states are folded from events; the others have copies of them."""
FULL_SPEED = 0.8
"""Share of the rate before the kill that counts as full speed."""
_DECODE = msgspec.json.Decoder(Scored).decode
WATCH_SECONDS = 120.0
RECOVERY_SECONDS = 300.0


class Workers(msgspec.Struct, frozen=True):
    """A role with as many partitions as workers; `ratio` is to one worker in the same round."""

    role: str
    workers: int
    ratio: Spread
    rate: Spread
    rss_mb_each: float


class Customers(msgspec.Struct, frozen=True):
    """`detect` by number of customers with a state in the changelog.

    Seconds from the start of the process to its first commit: `lost_s` without local files,
    `killed_s` after kill -9. `full_speed_s` is until it reaches `FULL_SPEED` of the rate before the
    kill. Ratios are to the smallest number of customers.
    """

    customers: int
    rate: float
    rss_mb: float
    disk_mb: float
    lost_s: float
    killed_s: float
    full_speed_s: float
    lost_ratio: float = 1.0
    killed_ratio: float = 1.0


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Measure workers and customers."""
    return {
        "workers": workers(machine, quick, progress),
        "customers": customers(machine, quick, progress),
    }


def workers(machine: Machine, quick: bool, progress: Callable[[str], None]) -> list[Workers]:
    """Measure each role with 1 to 4 partitions and workers."""
    rounds, seconds, total = (1, 3.0, 60_000) if quick else (2, 4.0, 120_000)
    happened = events(40_000)
    found = []
    for role, templates in (
        ("understand", raw_templates(happened)),
        ("detect", scored_templates(happened)),
    ):
        rates: dict[int, list[float]] = {number: [] for number in WORKERS}
        memory: dict[int, float] = {}
        for _ in range(rounds):
            for number in WORKERS:
                progress(f"{role}: {number} workers")
                machine.fresh_topics(partitions=number)
                fill(machine.bootstrap, dated(templates, total, f"{role}{number}"))
                one = ours(role)
                team = [Subject(f"{role} {n}", role, one.command, one.group) for n in range(number)]
                figures = measure(Crew(machine, team, {}), seconds)
                rates[number].append(figures.rate)
                memory[number] = figures.rss_mb / number
        found += [
            Workers(
                role,
                number,
                spread([b / a for a, b in zip(rates[1], rates[number], strict=True)]),
                spread(rates[number]),
                memory[number],
            )
            for number in WORKERS
        ]
    return found


def customers(machine: Machine, quick: bool, progress: Callable[[str], None]) -> list[Customers]:
    """Measure `detect` with increasing numbers of customers."""
    total = 30_000 if quick else 100_000
    models = state_models(Settings().detect)
    templates = scored_templates(events(20_000))
    found: list[Customers] = []
    for size in QUICK_CUSTOMERS if quick else CUSTOMERS:
        progress(f"detect: {size:,} customers")
        rng = Random(SEED)
        machine.fresh_topics(PARTITIONS)
        fill_changelog(machine, size, models)
        messages = dated(templates, total, f"c{size}", lambda _: customer_id(rng.randrange(size)))  # noqa: B023
        fill(machine.bootstrap, messages)
        one = recover(machine, size, total)
        first = found[0] if found else one
        found.append(
            msgspec.structs.replace(
                one,
                lost_ratio=one.lost_s / first.lost_s,
                killed_ratio=one.killed_s / first.killed_s,
            )
        )
    return found


def recover(machine: Machine, size: int, total: int) -> Customers:
    """Start without local state, kill in the middle of a backlog, and start again."""
    subject = ours("detect")
    crew = Crew(machine, [subject], {"NABIZ_WORKER_INSTANCE": "detect-0"})
    began = time.monotonic()
    with crew.starting(subject) as process:
        lost = _first_commit(crew, 0) - began
        before = watch(crew, total // 2, WATCH_SECONDS)
        process.kill()
        process.wait()
    disk = sum(file.stat().st_size for file in crew.folder.rglob("*") if file.is_file())
    done = before[-1].committed
    began = time.monotonic()
    with crew.starting(subject):
        killed = _first_commit(crew, done) - began
        after = watch(crew, total, WATCH_SECONDS)
    crew.forget()
    rate = steady(before).rate
    return Customers(
        customers=size,
        rate=rate,
        rss_mb=max(one.rss for one in (*before, *after)) / 2**20,
        disk_mb=disk / 2**20,
        lost_s=lost,
        killed_s=killed,
        full_speed_s=_at_speed(after, FULL_SPEED * rate) - began,
    )


def _first_commit(crew: Crew, committed: int) -> float:
    """Return the time when more than `committed` messages are committed."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while (one := crew.sample()).committed <= committed:
        if one.at > deadline:
            raise RuntimeError(f"detect did not recover within {RECOVERY_SECONDS:.0f} s")
        time.sleep(POLL)
    return one.at


def _at_speed(samples: Sequence[Sample], rate: float) -> float:
    """Return the earliest time from which messages arrived at `rate` for about a second."""
    for one in samples:
        later = next((other for other in samples if other.at >= one.at + 1.0), samples[-1])
        if later.at > one.at and (later.committed - one.committed) / (later.at - one.at) >= rate:
            return one.at
    return samples[-1].at


def customer_id(number: int) -> bytes:
    """Return a customer id of fixed length."""
    return f"c{number:07}".encode()


def state_models(settings: DetectSettings) -> list[bytes]:
    """Return states with a few events each, an hour ago, all under customer number 0.

    Each customer waits for something, so that a recovery has as many timers as customers.
    """
    rules = RuleBook(settings.rules).rules
    mine: defaultdict[str, list[Arrival]] = defaultdict(list)
    for message in dated(scored_templates(events(3 * MODELS, MODELS)), 3 * MODELS, "model"):
        one = _DECODE(message.value)
        then = one.event.occurred_at - timedelta(hours=1)  # before what comes next
        customer = customer_id(0).decode()
        event = msgspec.structs.replace(one.event, occurred_at=then, customer_id=customer)
        known = mine[one.event.customer_id]
        known.append(Arrival(msgspec.structs.replace(one, event=event), 0, len(known)))
    states = (apply(None, arrivals, rules, settings)[0] for arrivals in mine.values())
    waiting = (state for state in states if state.due < NEVER)
    # Offset -1 precedes all future messages.
    return [encode_state(msgspec.structs.replace(state, offset=-1)) for state in waiting]


def fill_changelog(machine: Machine, size: int, models: Sequence[bytes]) -> None:
    """Write the changelog of `detect` for `size` customers."""
    compacted = {"cleanup.policy": "compact", "max.message.bytes": "4194304"}
    topic = NewTopic(CHANGELOG, PARTITIONS, 1, config=compacted)
    machine.admin.create_topics([topic])[CHANGELOG].result()
    sender = producer(machine.bootstrap)
    for number, model in zip(range(size), cycle(models), strict=False):
        key = customer_id(number)
        partition = (murmur2(key) & 0x7FFFFFFF) % PARTITIONS
        send(
            sender,
            Ready(CHANGELOG, b'"%b"' % key, model.replace(customer_id(0), key), partition),
        )
    sender.flush()
