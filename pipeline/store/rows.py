"""Values to rows of tables and back. In tables '' stands for None, and times are integers."""

import msgspec

from pipeline.alert import Alert
from pipeline.dead_letter import DeadLetter
from pipeline.event import Event, Score
from pipeline.micros import to_datetime, to_micros
from pipeline.reading import Probabilities, Reading, Scored
from pipeline.store.backend import Row

_LAST_MINUTE = 2**32 - 60

_ATTRIBUTES = msgspec.json.Decoder(dict[str, str | int | float | bool | None])

_PLAIN = (
    *("event_id", "customer_id", "channel", "type", "revision", "author_type"),
    *("text", "title", "language", "touchpoint", "ticket_id", "order_id", "product"),
    *("segment", "account_id", "brand", "source"),
)
"""Fields of an event that are columns of the same name."""

EVENT_COLUMNS = (
    *("minute", "is_deleted", "occurred_us", "received_us"),
    *_PLAIN,
    *("attributes", "metric", "score", "scale_min", "scale_max"),
    *("label", "p_negative", "p_neutral", "p_positive", "intensity"),
    *("read_language", "engine", "engine_version", "intents"),
)
INDEX_COLUMNS = ("event_id", "minute", "revision")
SCORED_COLUMNS = EVENT_COLUMNS[2:]
"""What a `Scored` is made of again."""

ALERT_COLUMNS = (
    *("id", "revision", "customer_id", "cause", "severity", "state"),
    *("brand", "segment", "channel", "opened_us", "updated_us", "closed_us", "alert"),
)
DEAD_LETTER_COLUMNS = (
    *("topic", "partition", "offset", "retried_us", "reason", "received_at", "letter"),
)


def minute_of(event: Event) -> int:
    """Epoch seconds of the event's minute, kept within what DateTime can hold (1970 to 2106)."""
    return max(0, min(to_micros(event.occurred_at) // 60_000_000 * 60, _LAST_MINUTE))


def event_row(scored: Scored, minute: int, is_deleted: bool) -> Row:
    """The row of `EVENT_COLUMNS`."""
    event, reading = scored.event, scored.reading
    return (
        *(minute, int(is_deleted), to_micros(event.occurred_at), to_micros(scored.received_at)),
        *(_plain(getattr(event, name)) for name in _PLAIN),
        msgspec.json.encode(event.attributes).decode(),
        *_score_cells(event.score),
        *_reading_cells(reading),
    )


def _plain(value: str | int | None) -> str | int:
    if value is None:
        return ""
    return value if isinstance(value, int) else str(value)


def _score_cells(score: Score | None) -> Row:
    if score is None:
        return ("", 0.0, 0.0, 0.0)
    return (
        str(score.metric),
        *(float(value) for value in (score.value, score.scale_min, score.scale_max)),
    )


def _reading_cells(reading: Reading | None) -> Row:
    if reading is None:
        return ("", 0.0, 0.0, 0.0, 0.0, "", "", "", "")
    odds = reading.probabilities
    return (
        reading.label,
        *(float(value) for value in (odds.negative, odds.neutral, odds.positive)),
        float(reading.intensity),
        *(reading.language, reading.engine, reading.version),
        msgspec.json.encode(reading.intents).decode(),
    )


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
        },
        Reading,
    )


def alert_row(alert: Alert) -> Row:
    """The row of `ALERT_COLUMNS`."""
    return (
        *(alert.id, alert.revision, alert.customer_id, alert.cause, alert.severity, alert.state),
        *(alert.brand or "", alert.segment or "", alert.channel or ""),
        *(to_micros(alert.opened_at), to_micros(alert.updated_at)),
        to_micros(alert.closed_at) if alert.closed_at else 0,
        msgspec.json.encode(alert).decode(),
    )


def dead_letter_row(letter: DeadLetter) -> Row:
    """The row of `DEAD_LETTER_COLUMNS`."""
    return (
        *(letter.topic, letter.partition, letter.offset),
        to_micros(letter.retried_at) if letter.retried_at else 0,
        str(letter.reason),
        max(0, to_micros(letter.received_at) // 1_000_000),
        msgspec.json.encode(letter).decode(),
    )
