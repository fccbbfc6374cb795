"""Reads the outcome of a run, the store's tables and customers' states, in comparable form."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from kafka import KafkaConsumer, TopicPartition

from benchmarks.chaos.load import Message
from pipeline.common.epoch_micros import to_micros
from pipeline.contracts.topology import CHANGELOG
from pipeline.detection.customer import decode_state, due_of, state_digest
from pipeline.store.backend import Backend
from pipeline.store.rows import EVENT_COLUMNS
from pipeline.store.sql import count_names

Content: TypeAlias = dict[str, list[Any]]
"""Rows by table in a fixed order, as JSON values."""

WHEN_STORED = ("version", "received_us")
"""Columns that differ between any two runs: when a row was written."""


def stored_content(backend: Backend) -> Content:
    """Return the rows of each table, without `WHEN_STORED`."""
    events = [name for name in EVENT_COLUMNS if name not in WHEN_STORED]
    events.sort(key="event_id".__ne__)  # their ids first
    minutes = ("minute", "channel", "touchpoint", "segment", "brand", "source", *count_names())
    alerts = backend.execute("SELECT alert FROM alerts FINAL WHERE state != 'withdrawn'")
    letters = backend.execute("SELECT letter FROM dead_letters FINAL")
    return {
        "events": _rows(backend, events, "events FINAL WHERE is_deleted = 0"),
        "KPI minutes": _rows(backend, minutes, "kpi_minutes FINAL WHERE events > 0"),
        "alerts": sorted(
            (without_revision(json.loads(alert)) for (alert,) in alerts), key=json.dumps
        ),
        "dead letters": sorted(_letter(json.loads(letter)) for (letter,) in letters),
    }


def states(bootstrap: str) -> list[Any]:
    """Return the digest of each customer's state in `detect`."""
    last = last_values(bootstrap, CHANGELOG)
    return sorted([key.decode(), state_digest(decode_state(value))] for key, value in last.items())


def waiting(bootstrap: str, until: datetime) -> int:
    """Return how many customers are still to be judged for what was due up to a time."""
    last = last_values(bootstrap, CHANGELOG)
    return sum(due_of(value) <= to_micros(until) for value in last.values())


def last_values(bootstrap: str, changelog: str) -> dict[bytes, bytes]:
    """Return the last value of each key in a changelog, which a new worker would restore."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        partitions = [
            TopicPartition(changelog, number)
            for number in consumer.partitions_for_topic(changelog) or ()
        ]
        ends = consumer.end_offsets(partitions)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        last: dict[bytes, bytes] = {}
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(timeout_ms=200).values():
                last |= {record.key: record.value for record in records}
    finally:
        consumer.close(autocommit=False)
    return last


def differences(found: Content, expected: Content) -> list[str]:
    """Describe missing and surplus rows by table, with the first of each."""
    return [
        f"{table}: {len(rows)} {what}, such as {rows[0]}"
        for table, wanted in expected.items()
        for what, rows in (
            ("missing", _without(wanted, found[table])),
            ("too many", _without(found[table], wanted)),
        )
        if rows
    ]


def untruths(content: Content, load: Sequence[Message]) -> Iterator[str]:
    """Yield differences between content and published messages, without another run."""
    ids = Counter(row[0] for row in content["events"])
    wanted = Counter({message.event_id for message in load if message.event_id})
    poison = sum(not message.event_id for message in load)
    if ids != wanted:
        yield f"events: {len(wanted - ids)} of {len(wanted)} missing, {len(ids - wanted)} too many"
    if len(content["dead letters"]) != poison:
        yield f"dead letters: {len(content['dead letters'])}, published were {poison}"
    if not content["alerts"]:
        yield "alerts: there are none, so nothing is compared"


def _without(rows: Sequence[Any], others: Sequence[Any]) -> list[str]:
    left = Counter(map(_line, rows)) - Counter(map(_line, others))
    return sorted(left.elements())


def _line(row: Any) -> str:
    return json.dumps(row, sort_keys=True, ensure_ascii=False)


def _rows(backend: Backend, columns: Sequence[str], source: str) -> list[Any]:
    rows = backend.execute(f"SELECT {', '.join(columns)} FROM {source}")
    return sorted([str(cell) for cell in row] for row in rows)


def without_revision(alert: Mapping[str, Any]) -> dict[str, Any]:
    """Remove the revision, which depends on the batches."""
    return {name: value for name, value in alert.items() if name != "revision"}


def _letter(letter: Mapping[str, Any]) -> list[Any]:
    """Remove the partition and offset of a message, since topics may have grown."""
    return [letter["topic"], letter["reason"], letter["payload"], letter["key"] or ""]
