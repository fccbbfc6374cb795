"""Observes a running chain: latencies from an event's due time, lag, memory."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import msgspec
from clickhouse_driver import Client
from confluent_kafka import Consumer, TopicPartition

from benchmarks.machine import QUIET, Machine
from benchmarks.measure import Crew
from benchmarks.messages import Template, events, probe, raw_templates, send_open_loop
from benchmarks.subjects import HOP, READERS
from pipeline.broker.lag import LagReader
from pipeline.contracts.topology import ALERTS, FEEDBACK, INTERACTIONS, role_of
from pipeline.model.alert import from_cloudevent

PROBES_A_SECOND = 20
KPI_POLL = 0.1
SERIES_POLL = 1.0
DRAIN_SECONDS = 600.0


class Moment(msgspec.Struct, frozen=True):
    """An observation; its time is in seconds from the first event."""

    at: float
    lag_seconds: dict[str, float]
    lag_events: dict[str, int]
    rss_mb: dict[str, float]


class Raised(msgspec.Struct, frozen=True):
    """An alert: the due time of its event, and the latency until it was readable."""

    due: float
    latency: float
    severity: str
    cause: str


class Seen(msgspec.Struct):
    """The observations of a load. Latencies are in seconds."""

    start: float
    alerts: list[Raised] = []
    kpis: list[float] = []
    hops: list[float] = []
    """Latencies from the sender to a consumer without a role between: the baseline."""
    series: list[Moment] = []


class Latency(msgspec.Struct, frozen=True):
    """Quantiles in milliseconds of `count` observations."""

    p50: float
    p95: float
    p99: float
    max: float
    count: int


class Load:
    """Plays loads with distinct event ids on a running chain; `sent` counts all messages."""

    def __init__(self, machine: Machine, crew: Crew) -> None:
        self._templates = raw_templates(events(60_000))
        self._machine = machine
        self._crew = crew
        self._number = 0
        self.sent = 0

    def __call__(self, rate: float, seconds: float) -> Seen:
        """Play a load, and return when the chain has drained it."""
        self._number += 1
        first, self.sent = self.sent, self.sent + int(rate * seconds)
        run = f"load{self._number}"
        return play(self._machine, self._crew, self._templates, rate, seconds, first, run)


def play(
    machine: Machine,
    crew: Crew,
    templates: Sequence[tuple[bytes, Template]],
    rate: float,
    seconds: float,
    first: int,
    run: str,
) -> Seen:
    """Send an open-loop load to a running chain, and return when the chain has drained it."""
    reader = _at_the_end(machine)
    before = machine.ends([INTERACTIONS, FEEDBACK])
    seen = Seen(start=time.time() + 3.0)
    count = int(rate * seconds)
    every = max(1, round(rate / PROBES_A_SECOND))
    arguments = (machine.bootstrap, templates, rate, seen.start, count, first, run, every)
    sender = multiprocessing.get_context("spawn").Process(target=send_open_loop, args=arguments)
    sender.start()
    probes = {probe(run, n): seen.start + n / rate for n in range(0, count, every)}
    with ExitStack() as stack:
        for watch in (
            lambda stopping: _watch_topics(reader, seen, stopping),
            lambda stopping: _watch_kpis(machine, crew, seen, probes, stopping),
            lambda stopping: _watch_series(machine, crew, seen, stopping),
        ):
            stack.enter_context(_in_thread(watch))
        sender.join()
        if sender.exitcode != 0:
            raise RuntimeError(f"the sender of the load ended with {sender.exitcode}")
        wait_drained(crew, before + count)
        time.sleep(2 * SERIES_POLL)  # observes what is visible by now
    return seen


def wait_drained(crew: Crew, total: int) -> None:
    """Return when the slowest role has committed `total` messages."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while crew.sample().committed < total:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the chain did not catch up within {DRAIN_SECONDS:.0f} s")
        time.sleep(0.1)


@contextmanager
def _in_thread(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Run work in a thread until the block ends; raise its exception."""
    stopping = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work, stopping)
        try:
            yield
        finally:
            stopping.set()
        done.result()


def _at_the_end(machine: Machine) -> Consumer:
    """Return a consumer of messages from now on."""
    reader = Consumer({**QUIET, "bootstrap.servers": machine.bootstrap, "group.id": "bench-watch"})
    known = machine.admin.list_topics().topics
    places = [
        TopicPartition(topic, number)
        for topic in (ALERTS, HOP)
        for number in known[topic].partitions
    ]
    for place in places:
        place.offset = reader.get_watermark_offsets(place)[1]
    reader.assign(places)
    return reader


def _watch_topics(reader: Consumer, seen: Seen, stopping: threading.Event) -> None:
    while not stopping.is_set():
        message = reader.poll(0.1)
        if message is None or message.error():
            continue
        now = time.time()
        if message.topic() == HOP:
            seen.hops.append(now - float(message.value()))
            continue
        alert = from_cloudevent(message.value())
        due = alert.opened_at.timestamp()
        if alert.state == "open" and alert.revision == 1 and due >= seen.start:
            seen.alerts.append(Raised(due - seen.start, now - due, alert.severity, alert.cause))
    reader.close()


def _watch_kpis(
    machine: Machine,
    crew: Crew,
    seen: Seen,
    probes: dict[str, float],
    stopping: threading.Event,
) -> None:
    """Observe probes in the KPI minutes, at most `KPI_POLL` and a query after they appear."""
    database = crew.environment["NABIZ_STORE_URL"].rpartition("/")[2]
    client = Client(*machine.store, database)
    waiting = dict(probes)
    newest = "SELECT DISTINCT brand FROM kpi_minutes WHERE minute >= %(since)s AND brand LIKE %(p)s"
    prefix = next(iter(probes)).rpartition("-")[0] + "-%"
    since = datetime.fromtimestamp(seen.start - 60, UTC).strftime("%Y-%m-%d %H:%M:%S")
    while not stopping.wait(KPI_POLL):
        found = client.execute(newest, {"since": since, "p": prefix})
        now = time.time()
        seen.kpis += [now - waiting.pop(brand) for (brand,) in found if brand in waiting]
    client.disconnect()


def _watch_series(machine: Machine, crew: Crew, seen: Seen, stopping: threading.Event) -> None:
    with LagReader(machine.bootstrap) as reader:
        while not stopping.wait(SERIES_POLL):
            lags = reader.read(READERS, datetime.now(UTC))
            seconds = {role_of(one.group): 0.0 for one in lags}
            behind = dict.fromkeys(seconds, 0)
            for one in lags:
                role = role_of(one.group)
                seconds[role] = max(seconds[role], one.seconds or 0.0)
                behind[role] += one.events
            memory = {
                name.rpartition(" ")[2]: process.memory_info().rss / 2**20
                for name, process in crew.processes.items()
            }
            seen.series.append(Moment(time.time() - seen.start, seconds, behind, memory))


def latency(seconds: Sequence[float]) -> Latency:
    """Summarize latencies. Raises RuntimeError if there are none."""
    if not seconds:
        raise RuntimeError("nothing was seen whose latency could be taken: the load is too short")
    ordered = sorted(seconds)

    def quantile(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3, 1)

    return Latency(quantile(0.5), quantile(0.95), quantile(0.99), quantile(1.0), len(ordered))
