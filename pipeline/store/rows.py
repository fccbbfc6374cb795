"""Values to rows of tables and back. In tables '' stands for None, and times are integers."""

from collections.abc import Sequence
from datetime import datetime
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
"""Fields of an event that are columns of the same name; `_GIVEN` are those that may be missing."""

COUNTED, GONE, UNCOUNTED = 0, 1, 2
"""What `is_deleted` of a row of `events` and `timelines` says: there; moved away or taken back;
there, but in no figure. So what reads figures asks for 0, what reads all that is stored for all but
1."""

SCORED_COLUMNS = (
    *("is_deleted", "occurred_us", "received_us"),
    *_PLAIN,
    *("attributes", "metric", "score", "scale_min", "scale_max"),
    *("label", "p_negative", "p_neutral", "p_positive", "intensity"),
    *("read_language", "engine", "engine_version", "intents"),
    *("anger", "urgency", "hurried"),
    *("topics.name", "topics.label", "topics.start", "topics.end"),
)
"""What a `Scored` is made of again."""

EVENT_COLUMNS = ("minute", *SCORED_COLUMNS, "reread_at")

TIMELINE_KEY = ("customer_id", "minute", "event_id", "revision", "is_deleted")
"""The columns of `timelines` that take an event out of one."""

ALERT_COLUMNS = (
    *("id", "revision", "customer_id", "cause", "severity", "state"),
    *("brand", "segment", "channel", "opened_us", "updated_us", "closed_us", "alert"),
)
DEAD_LETTER_COLUMNS = (
    *("topic", "partition", "offset", "source", "retried_us", "reason", "received_at", "letter"),
)


def minute_of(event: Event) -> int:
    """Epoch seconds of the event's minute, as `epoch_minute` has it."""
    return epoch_minute(event.occurred_at)


def epoch_minute(at: datetime) -> int:
    """Epoch seconds of a time's minute, kept within what DateTime can hold (1970 to 2106)."""
    return max(0, min(to_micros(at) // 60_000_000 * 60, _LAST_MINUTE))


def event_columns(
    scored: Sequence[Scored],
    minutes: Sequence[int],
    moved: int = 0,
    reread_at: int = 0,
) -> Columns:
    """Columns of `events` for events at these minutes, without those that are empty throughout.

    The last `moved` of them are no longer at their minutes. `reread_at` is when their texts were
    read again, in epoch seconds.
    """
    there = [_presence(one) for one in scored[: len(scored) - moved]]
    events = [one.event for one in scored]
    columns = {
        "minute": minutes,
        "is_deleted": [*there, *[GONE] * moved],
        "occurred_us": [to_micros(event.occurred_at) for event in events],
        "received_us": [to_micros(one.received_at) for one in scored],
        "revision": [event.revision for event in events],
        **{name: [getattr(event, name) for event in events] for name in _REQUIRED},
        **{name: [getattr(event, name) or "" for event in events] for name in _GIVEN},
        "attributes": [_json(event.attributes) if event.attributes else "{}" for event in events],
        **_score_columns([event.score for event in events]),
        **_reading_columns([one.reading for one in scored]),
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
            f"p_{name}": [float(getattr(one, name)) for one in odds]
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
    }


def _intents(reading: Reading) -> str:
    return _json(reading.intents) if reading.intents else "[]"


def _json(value: object) -> str:
    return _ENCODER.encode(value).decode()


def scored_of(row: Row) -> Scored:
    """Make the value of a row of `SCORED_COLUMNS` again; an empty text comes back as None."""
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
        },
        Reading,
    )


def _topics_of(cells: dict[str, Any]) -> list[dict[str, Any]]:
    names = Topic.__struct_fields__
    columns = (cells[f"topics.{name}"] for name in names)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def shadow_columns(scored: Sequence[Scored], reread_at: int) -> Columns:
    """Columns of `shadow_readings` for events that have a reading."""
    readings = _reading_columns([one.reading for one in scored])
    shared = ("engine", "engine_version", "label", *_ODDS)
    return {
        "minute": [minute_of(one.event) for one in scored],
        "event_id": [one.event.event_id for one in scored],
        "revision": [one.event.revision for one in scored],
        **{name: readings[name] for name in shared},
        "reread_at": [reread_at] * len(scored),
    }


def alert_columns(alerts: Sequence[Alert], as_sent: Sequence[bytes] = ()) -> Columns:
    """Columns of `alerts`; `as_sent` is the JSON of each, if another than ours is to be kept."""
    columns = by_column(ALERT_COLUMNS, [_alert_row(alert) for alert in alerts])
    return {**columns, **kept_as_sent("alert", as_sent)}


def kept_as_sent(column: str, as_sent: Sequence[bytes]) -> Columns:
    """Return the column that holds the JSON of messages as it came, if any is given."""
    return {column: [content.decode() for content in as_sent]} if as_sent else {}


def _alert_row(alert: Alert) -> Row:
    return (
        *(alert.id, alert.revision, alert.customer_id, alert.cause, alert.severity, alert.state),
        *(alert.brand or "", alert.segment or "", alert.channel or ""),
        *(to_micros(alert.opened_at), to_micros(alert.updated_at)),
        to_micros(alert.closed_at) if alert.closed_at else 0,
        _json(alert),
    )


def dead_letter_columns(letters: Sequence[DeadLetter]) -> Columns:
    """Columns of `dead_letters`."""
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
    """Turn rows, of which there is one at least, into columns."""
    return dict(zip(names, zip(*rows, strict=True), strict=True))
