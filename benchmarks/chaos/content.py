"""Reads the outcome of a run, the store's tables and customers' states, in comparable form."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from benchmarks.chaos.load import Message
from benchmarks.chaos.messages import last_values
from benchmarks.chaos.stories import BROKEN, CUSTOMER
from pipeline.common.epoch_micros import to_micros
from pipeline.contracts.topology import ACTIONS, CHANGELOG, changelog_of
from pipeline.detection.customer import decode_state, due_of, state_digest
from pipeline.follow_up.state import FollowUpState
from pipeline.store.backend import Backend
from pipeline.store.rows import EVENT_COLUMNS
from pipeline.store.sql import count_names

Content: TypeAlias = dict[str, list[Any]]
"""Rows by table in a fixed order, as JSON values."""

WHEN_STORED = ("version", "received_us")
"""Columns that differ between any two runs: when a row was written."""
BY_BATCHES = ("revision",)
"""Fields of an alert that depend on the batches."""

_FOLLOW_UPS = msgspec.json.Decoder(FollowUpState)


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
            (without(json.loads(alert), BY_BATCHES) for (alert,) in alerts), key=json.dumps
        ),
        "dead letters": sorted(_letter(json.loads(letter)) for (letter,) in letters),
    }


def states(bootstrap: str) -> list[Any]:
    """Return the digest of each customer's state in `detect`."""
    last = last_values(bootstrap, CHANGELOG)
    return sorted([key.decode(), state_digest(decode_state(value))] for key, value in last.items())


def overdue(bootstrap: str, until: datetime) -> int:
    """Return of how many customers something due up to a time is still to be judged."""
    waits = map(due_of, last_values(bootstrap, CHANGELOG).values())
    return sum(due <= to_micros(until) for due in waits)


def missed(bootstrap: str, until: datetime) -> int:
    """Return of how many customers a deadline of people up to a time is still to be applied."""
    last = last_values(bootstrap, changelog_of("follow_up")).values()
    customers = map(_FOLLOW_UPS.decode, last)
    return sum(bool(one.due) or (one.next_at or until) < until for one in customers)


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
    poison = sum(not message.event_id and message.topic != ACTIONS for message in load)
    broken = Counter(message.key.decode() for message in load if message.breaks)
    told = Counter(
        alert["customer_id"]
        for alert in content["alerts"]
        if alert["cause"] == BROKEN and alert["customer_id"].startswith(CUSTOMER)
    )
    if ids != wanted:
        yield f"events: {len(wanted - ids)} of {len(wanted)} missing, {len(ids - wanted)} too many"
    if len(content["dead letters"]) != poison:
        yield f"dead letters: {len(content['dead letters'])}, published were {poison}"
    if told != broken:
        yield f"broken promises: {len(broken - told)} without an alert, {len(told - broken)} with"
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


def without(row: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """Return a row without some fields."""
    return {name: value for name, value in row.items() if name not in fields}


def _letter(letter: Mapping[str, Any]) -> list[Any]:
    """Remove the partition and offset of a message, since topics may have grown."""
    return [letter["topic"], letter["reason"], letter["payload"], letter["key"] or ""]
