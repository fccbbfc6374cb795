"""Converts values to table rows and back. In tables None is '', and times are integers."""

from collections.abc import Sequence
from datetime import datetime
from itertools import starmap
from typing import Any

import msgspec

from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.model.alert import Alert
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.event import Event, Score
from pipeline.model.reading import Probabilities, Reading, Scored, Topic
from pipeline.store.backend import Columns, Row

_LAST_MINUTE = 2**32 - 60
_ODDS = tuple(f"p_{name}" for name in Probabilities.__struct_fields__)
_NO_ODDS = Probabilities(0.0, 0.0, 0.0)

_ENCODER = msgspec.json.Encoder()
_ATTRIBUTES = msgspec.json.Decoder(dict[str, str | int | float | bool | None])

_GIVEN = (
    *("text", "title", "language", "touchpoint", "ticket_id", "order_id", "product"),
    *("segment", "account_id", "brand", "source"),
)
_REQUIRED = ("event_id", "customer_id", "channel", "type", "author_type")
_PLAIN = (*_REQUIRED, "revision", *_GIVEN)
"""Event fields with a column of the same name; those in `_GIVEN` are optional."""

COUNTED, GONE, UNCOUNTED = 0, 1, 2
"""Values of `is_deleted` in `events` and `timelines`: present; moved away or revoked; present but
not counted. So queries of KPIs select 0, queries of all stored events exclude 1."""

SCORED_COLUMNS = (
    *("is_deleted", "occurred_us", "received_us"),
    *_PLAIN,
    *("attributes", "metric", "score", "scale_min", "scale_max"),
    *("label", "p_negative", "p_neutral", "p_positive", "intensity"),
    *("read_language", "engine", "engine_version", "intents"),
    *("anger", "urgency", "hurried"),
    *("topics.name", "topics.label", "topics.start", "topics.end"),
    "promises",
)
"""The columns of a `Scored`."""

EVENT_COLUMNS = ("minute", *SCORED_COLUMNS, "reread_at")

TIMELINE_KEY = ("customer_id", "minute", "event_id", "revision", "is_deleted")
"""The columns of `timelines` that remove an event from one."""

ALERT_COLUMNS = (
    *("id", "revision", "customer_id", "cause", "severity", "state"),
    *("brand", "segment", "channel", "opened_us", "updated_us", "closed_us", "alert"),
)
DEAD_LETTER_COLUMNS = (
    *("topic", "partition", "offset", "source", "retried_us", "reason", "received_at", "letter"),
)


def minute_of(event: Event) -> int:
    """Return the `epoch_minute` of an event."""
    return epoch_minute(event.occurred_at)


def epoch_minute(at: datetime) -> int:
    """Return the epoch seconds of a time's minute, clamped to DateTime's range (1970 to 2106)."""
    return max(0, min(to_micros(at) // 60_000_000 * 60, _LAST_MINUTE))


def event_columns(
    scored: Sequence[Scored],
    minutes: Sequence[int],
    moved: int = 0,
    reread_at: int = 0,
) -> Columns:
    """Return the columns of `events` for events at these minutes, without empty columns.

    The last `moved` events have left their minutes. `reread_at` is when their texts were read
    again, in epoch seconds.
    """
    there = [_presence(copy) for copy in scored[: len(scored) - moved]]
    events = [copy.event for copy in scored]
    columns = {
        "minute": minutes,
        "is_deleted": [*there, *[GONE] * moved],
        "occurred_us": [to_micros(event.occurred_at) for event in events],
        "received_us": [to_micros(copy.received_at) for copy in scored],
        "revision": [event.revision for event in events],
        **{name: [getattr(event, name) for event in events] for name in _REQUIRED},
        **{name: [getattr(event, name) or "" for event in events] for name in _GIVEN},
        "attributes": [_json(event.attributes) if event.attributes else "{}" for event in events],
        **_score_columns([event.score for event in events]),
        **_reading_columns([copy.reading for copy in scored]),
        "reread_at": [reread_at] * len(scored),
    }
    return {name: values for name, values in columns.items() if any(values)}


def _presence(scored: Scored) -> int:
    if scored.event.revoked:
        return GONE
    return COUNTED if scored.counted else UNCOUNTED


def _score_columns(scores: Sequence[Score | None]) -> Columns:
    return {
        "metric": [score.metric if score else "" for score in scores],
        "score": [float(score.value) if score else 0.0 for score in scores],
        "scale_min": [float(score.scale_min) if score else 0.0 for score in scores],
        "scale_max": [float(score.scale_max) if score else 0.0 for score in scores],
    }


def _reading_columns(readings: Sequence[Reading | None]) -> Columns:
    odds = [reading.probabilities if reading else _NO_ODDS for reading in readings]
    return {
        "label": [reading.label if reading else "" for reading in readings],
        **{
            f"p_{name}": [float(getattr(row, name)) for row in odds]
            for name in Probabilities.__struct_fields__
        },
        "intensity": [float(reading.intensity) if reading else 0.0 for reading in readings],
        "read_language": [reading.language if reading else "" for reading in readings],
        "engine": [reading.engine if reading else "" for reading in readings],
        "engine_version": [reading.version if reading else "" for reading in readings],
        "intents": [_intents(reading) if reading else "" for reading in readings],
        **{
            name: [int(getattr(reading, name)) if reading else 0 for reading in readings]
            for name in ("anger", "urgency", "hurried")
        },
        **{
            f"topics.{name}": [
                [getattr(topic, name) for topic in reading.topics] if reading else []
                for reading in readings
            ]
            for name in Topic.__struct_fields__
        },
        "promises": [
            _json(reading.promises) if reading and reading.promises else "" for reading in readings
        ],
    }


def _intents(reading: Reading) -> str:
    return _json(reading.intents) if reading.intents else "[]"


def _json(value: object) -> str:
    return _ENCODER.encode(value).decode()


def scored_of(row: Row) -> Scored:
    """Return the value of a row of `SCORED_COLUMNS`; an empty text becomes None."""
    cells = dict(zip(SCORED_COLUMNS, row, strict=True))
    fields = {name: cells[name] for name in _PLAIN if cells[name] != ""}
    if cells["metric"]:
        fields["score"] = {
            "metric": cells["metric"],
            "value": cells["score"],
            "scale_min": cells["scale_min"],
            "scale_max": cells["scale_max"],
        }
    fields["attributes"] = _ATTRIBUTES.decode(cells["attributes"])
    fields["occurred_at"] = to_datetime(cells["occurred_us"])
    return Scored(
        event=msgspec.convert(fields, Event),
        reading=_reading_of(cells) if cells["label"] else None,
        received_at=to_datetime(cells["received_us"]),
        counted=cells["is_deleted"] != UNCOUNTED,
    )


def _reading_of(cells: dict[str, object]) -> Reading:
    return msgspec.convert(
        {
            "label": cells["label"],
            "probabilities": {name: cells[f"p_{name}"] for name in Probabilities.__struct_fields__},
            "intensity": cells["intensity"],
            "language": cells["read_language"],
            "engine": cells["engine"],
            "version": cells["engine_version"],
            "intents": msgspec.json.decode(str(cells["intents"])),
            "anger": cells["anger"],
            "urgency": cells["urgency"],
            "hurried": bool(cells["hurried"]),
            "topics": _topics_of(cells),
            "promises": msgspec.json.decode(str(cells["promises"]) or "[]"),
        },
        Reading,
    )


def _topics_of(cells: dict[str, Any]) -> list[dict[str, Any]]:
    names = Topic.__struct_fields__
    columns = (cells[f"topics.{name}"] for name in names)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def shadow_columns(scored: Sequence[Scored], reread_at: int) -> Columns:
    """Return the columns of `shadow_readings` for events with a reading."""
    readings = _reading_columns([copy.reading for copy in scored])
    shared = ("engine", "engine_version", "label", *_ODDS)
    return {
        "minute": [minute_of(copy.event) for copy in scored],
        "event_id": [copy.event.event_id for copy in scored],
        "revision": [copy.event.revision for copy in scored],
        **{name: readings[name] for name in shared},
        "reread_at": [reread_at] * len(scored),
    }


def alert_columns(alerts: Sequence[Alert], as_sent: Sequence[bytes]) -> Columns:
    """Return the columns of `alerts`; `as_sent` is their original JSON, if it is to be stored."""
    pairs = zip(alerts, as_stored(alerts, as_sent), strict=True)
    return by_column(ALERT_COLUMNS, list(starmap(_alert_row, pairs)))


def as_stored(messages: Sequence[msgspec.Struct], as_sent: Sequence[bytes]) -> list[str]:
    """Return the JSON of messages: the original if given, else a new one."""
    return [content.decode() for content in as_sent or map(_ENCODER.encode, messages)]


def _alert_row(alert: Alert, content: str) -> Row:
    return (
        *(alert.id, alert.revision, alert.customer_id, alert.cause, alert.severity, alert.state),
        *(alert.brand or "", alert.segment or "", alert.channel or ""),
        *(to_micros(alert.opened_at), to_micros(alert.updated_at)),
        to_micros(alert.closed_at) if alert.closed_at else 0,
        content,
    )


def dead_letter_columns(letters: Sequence[DeadLetter]) -> Columns:
    """Return the columns of `dead_letters`."""
    return by_column(DEAD_LETTER_COLUMNS, [_dead_letter_row(letter) for letter in letters])


def _dead_letter_row(letter: DeadLetter) -> Row:
    return (
        *(letter.topic, letter.partition, letter.offset, letter.source),
        to_micros(letter.retried_at) if letter.retried_at else 0,
        str(letter.reason),
        max(0, to_micros(letter.received_at) // 1_000_000),
        _json(letter),
    )


def by_column(names: Sequence[str], rows: Sequence[Row]) -> Columns:
    """Transpose rows, at least one, to columns."""
    return dict(zip(names, zip(*rows, strict=True), strict=True))
