"""The job with plain kafka-python: `python -m benchmarks.subjects.plain ROLE`.

The loop follows its documentation: poll a batch, work, flush the producer, commit. States of
customers are kept in RocksDB and in a compacted topic, as in Nabız.
"""

import os
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer
from rocksdict import Options, Rdict

from benchmarks.subjects import PLAIN_STATES
from benchmarks.subjects.by_hand import Translate
from benchmarks.subjects.work import Detect, Incoming, Outgoing, Record, Understand
from pipeline.config.settings import Settings, load_settings
from pipeline.contracts.topology import INPUTS

Work = Callable[[Sequence[Incoming]], list[Outgoing]]


def detector(folder: Path) -> Work:
    """Return the work that folds a batch by customer; states are sent after alerts."""
    detect = Detect()
    folder.mkdir(parents=True, exist_ok=True)
    states = Rdict(str(folder / "states"), Options(raw_mode=True))

    def work(messages: Sequence[Incoming]) -> list[Outgoing]:
        by_customer: defaultdict[bytes, list[Incoming]] = defaultdict(list)
        for message in messages:
            by_customer[message.key].append(message)
        alerts: list[Outgoing] = []
        changed: list[Outgoing] = []
        for customer, mine in by_customer.items():
            state, raised = detect(states.get(customer), mine)
            states[customer] = state
            alerts += raised
            changed.append(Outgoing(PLAIN_STATES, customer, state))
        return alerts + changed

    return work


def recorder() -> Work:
    """Return the work that writes a batch to the store."""
    record = Record()

    def work(messages: Sequence[Incoming]) -> list[Outgoing]:
        record(messages)
        return []

    return work


def worker(role: str, settings: Settings) -> Work:
    """Return the work of a role."""
    if role == "understand":
        return Understand()
    if role == "translate":
        return Translate(settings)
    return detector(settings.data) if role == "detect" else recorder()


def main(role: str) -> None:
    """Work until SIGTERM."""
    settings = load_settings()
    work = worker(role, settings)
    consumer = KafkaConsumer(
        *INPUTS[role],
        bootstrap_servers=settings.kafka.bootstrap,
        group_id=os.environ["BENCH_GROUP"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=settings.kafka.batch_size,
    )
    producer = KafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap, acks="all", linger_ms=5, batch_size=131_072
    )
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    while not stopping:
        polled = consumer.poll(timeout_ms=500)
        messages = [
            Incoming(one.topic, one.partition, one.offset, one.key, one.value, one.timestamp)
            for records in polled.values()
            for one in records
        ]
        if not messages:
            continue
        for out in work(messages):
            producer.send(out.topic, out.value, out.key)
        producer.flush()
        consumer.commit()
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1])
