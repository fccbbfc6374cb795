"""Decodes bytes of a topic or a file to an `Event` or an `Action`, or says why they are invalid.

A valid message takes one pass of a compiled decoder; only an invalid one is parsed again.
"""

import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from pipeline.ingest.unknown import (
    FIELDS,
    Attribute,
    can_be_written,
    closest,
    has_unknown_fields,
    unknown_choices,
    with_unknown_fields,
)
from pipeline.model.action import Action, problem_of
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import SCALES, Event, Score
from pipeline.model.open_enum import OpenEnum

T = TypeVar("T")

MAX_BYTES = 262_144
"""Maximum size of a message, in bytes."""

FUTURE_TOLERANCE = timedelta(minutes=10)
"""How far the clock of a source may be ahead of ours."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Earliest time that the store can hold."""

_EVENTS = msgspec.json.Decoder(Event)
_ACTIONS = msgspec.json.Decoder(Action)
_ENCODER = msgspec.json.Encoder()
_MISSING = re.compile(r"missing required field `(.+?)`")
_PATH = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_LENGTH = re.compile(r"Expected `str` of length ([<>])= (\d+)")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a complete pair
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def decode_event(value: bytes | None, key: bytes | None, *, now: datetime) -> Event:
    """Decode a message of `cx.interactions` or `cx.feedback`; its key must be its customer_id.

    Types and fields that a newer version may have added are kept. `now` is aware. Raises Invalid
    and nothing else, whatever the bytes are.
    """
    event = _read_event(value)
    for field, choice in unknown_choices(event):
        if not choice.is_well_formed:
            raise _explain_choice(field, choice)
    _check_time("occurred_at", event.occurred_at, now + FUTURE_TOLERANCE)
    _check_key(event.customer_id, key)
    return event


def decode_action(value: bytes | None, key: bytes | None, *, now: datetime) -> Action:
    """Decode a message of `cx.alert-actions`; its key must be its customer_id.

    `now` is aware. Raises Invalid and nothing else, whatever the bytes are.
    """
    action = parse(_ACTIONS, value or b"")
    if problem := problem_of(action):
        raise Invalid(Reason.WRONG_TYPE, f"The action is invalid: {problem}.")
    _check_time("at", action.at, now + FUTURE_TOLERANCE)
    _check_key(action.customer_id, key)
    return action


def parse_event(value: bytes | None) -> Event:
    """Decode an event without key or clock, as in a file. Raises Invalid.

    Unknown types are refused here: somebody can correct them, and most are misspelt.
    """
    event = _read_event(value)
    for field, choice in unknown_choices(event):
        raise _explain_choice(field, choice)
    return event


def _read_event(value: bytes | None) -> Event:
    if not value:
        raise Invalid(Reason.EMPTY, "The message has no body: send the event as JSON.")
    if len(value) > MAX_BYTES:
        raise Invalid(
            Reason.TOO_LARGE,
            f"The message has {len(value):,} bytes, {MAX_BYTES:,} are allowed: "
            "shorten `text` or `attributes`.",
        )
    event = parse(_EVENTS, value)
    if has_unknown_fields(value):
        event = with_unknown_fields(event, parse(FIELDS, value))
    if event.occurred_at < EARLIEST:
        raise Invalid(Reason.WRONG_TYPE, "`occurred_at` is before 1970: check the source's clock.")
    if event.score is not None:
        _check_score(event.score)
    if event.attributes:
        _check_attributes(event.attributes)
    return event


def encode_event(event: Event) -> bytes:
    """Encode the event as JSON in UTF-8, without fields at their default."""
    return _ENCODER.encode(event)


def parse(decoder: msgspec.json.Decoder[T], value: bytes) -> T:
    """Decode JSON with `decoder`. Raises Invalid and nothing else, whatever the bytes are.

    A byte order mark is skipped; a lone surrogate, left where a sender cut a text inside an emoji,
    becomes U+FFFD.
    """
    try:
        # The decoder skips unknown fields without checking their encoding.
        value.decode()
        return decoder.decode(value)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return _parse_repaired(decoder, repaired(value))


def _parse_repaired(decoder: msgspec.json.Decoder[T], value: bytes) -> T:
    try:
        value.decode()
        return decoder.decode(value)
    except UnicodeDecodeError as error:
        raise Invalid(
            Reason.NOT_UTF8,
            f"Byte {error.start} of the message is not UTF-8: encode the JSON as UTF-8.",
        ) from None
    except RecursionError:
        raise Invalid(Reason.NOT_JSON, "The JSON is nested too deeply to be read.") from None
    except msgspec.DecodeError as error:
        raise _explain(error, value) from None


def repaired(value: bytes) -> bytes:
    """Return JSON without a byte order mark, and with U+FFFD for each lone surrogate.

    Lone surrogates come as escapes, or as bytes from senders that encode them in UTF-8.
    """
    value = value.removeprefix(codecs.BOM_UTF8)
    try:
        text = value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return value
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return _ESCAPE.sub(lambda match: b"\\ufffd" if match["half"] else match[0], whole)


def _explain(error: msgspec.DecodeError, value: bytes) -> Invalid:
    """Explain why decoding failed with `error`, without quoting the message."""
    try:
        content = msgspec.json.decode(value)
    except RecursionError:
        return Invalid(Reason.NOT_JSON, "The JSON is nested too deeply to be read.")
    except msgspec.ValidationError:  # only a number that does not fit a float
        return Invalid(Reason.WRONG_TYPE, "A number is out of range: send at most 64 bits.")
    except msgspec.DecodeError as broken:
        if not value.strip():
            return Invalid(Reason.EMPTY, "The message has no body: send the event as JSON.")
        if b"\0" in value:
            detail = "The message contains NUL bytes, as UTF-16 does: encode the JSON as UTF-8."
            return Invalid(Reason.NOT_JSON, detail)
        return Invalid(Reason.NOT_JSON, f"The message is not JSON: {broken}.")
    if not isinstance(content, dict):
        return Invalid(Reason.WRONG_TYPE, "The message is JSON but not an object: send {...}.")
    return _explain_field(str(error))


def _explain_field(message: str) -> Invalid:
    """Translate the decoder's error about a field."""
    at = _PATH.search(message)
    field = at[1] if at else ""
    if missing := _MISSING.search(message):
        name = f"{field}.{missing[1]}" if field else missing[1]
        return Invalid(Reason.MISSING_FIELD, f"`{name}` is missing: every event needs it.")
    if "timezone" in message:
        return Invalid(
            Reason.TIME_WITHOUT_OFFSET,
            f"`{field}` has no UTC offset: add it, as in 2025-10-01T16:03:00+03:00.",
        )
    if length := _LENGTH.search(message):
        if length[1] == ">":
            return Invalid(Reason.MISSING_FIELD, f"`{field}` is empty: every event needs it.")
        return Invalid(
            Reason.TEXT_TOO_LONG,
            f"`{field}` is longer than {int(length[2]):,} characters.",
        )
    if "enum value" in message:
        return Invalid(
            Reason.WRONG_TYPE, f"`{field}` is not one of the allowed values: see schemas/."
        )
    if "RFC3339" in message:
        return Invalid(
            Reason.WRONG_TYPE, f"`{field}` is not a time such as 2025-10-01T16:03:00+03:00."
        )
    problem = message[: at.start()] if at else message
    return Invalid(Reason.WRONG_TYPE, f"`{field}` has a wrong value: {problem}.")


def _explain_choice(field: str, choice: OpenEnum) -> Invalid:
    """Explain that a value is unknown, with the closest known one."""
    close = closest(choice)
    meant = f"did you mean {close}?" if close else ""
    if field == "type":
        hint = meant or "see the list in docs/events.md."
        return Invalid(Reason.UNKNOWN_TYPE, f"`type` is not a known event type: {hint}")
    choices = f"`{field}` must be one of {', '.join(type(choice))}"
    return Invalid(Reason.WRONG_TYPE, f"{choices}: {meant}" if meant else f"{choices}.")


def _check_time(field: str, moment: datetime, latest: datetime) -> None:
    if moment > latest:
        raise Invalid(
            Reason.TIME_IN_FUTURE,
            f"`{field}` is {moment.isoformat()}, later than {latest.isoformat()}: "
            "check the source's clock and UTC offset.",
        )


def _check_key(customer_id: str, key: bytes | None) -> None:
    if not key:
        raise Invalid(
            Reason.MISSING_KEY,
            "The message has no key: send customer_id in UTF-8 as its key.",
        )
    if key != customer_id.encode():
        raise Invalid(
            Reason.KEY_MISMATCH,
            "The Kafka key differs from `customer_id`: send the same customer_id as both.",
        )


def _check_score(score: Score) -> None:
    # This comparison is false for NaN, too.
    if not score.scale_min < score.scale_max:
        raise Invalid(
            Reason.SCORE_OUT_OF_SCALE, "`score.scale_min` must be less than `score.scale_max`."
        )
    scale = SCALES.get(score.metric)
    if scale is not None and (score.scale_min, score.scale_max) != scale:
        raise Invalid(
            Reason.UNSUPPORTED_SCALE,
            f"`score` is {score.metric} from {score.scale_min:g} to {score.scale_max:g}, but "
            f"{score.metric} is scored from {scale[0]:g} to {scale[1]:g} only: "
            "send scores on other scales as metric rating.",
        )
    if not score.scale_min <= score.value <= score.scale_max:
        raise Invalid(
            Reason.SCORE_OUT_OF_SCALE,
            f"`score.value` is {score.value:g}, outside its scale from {score.scale_min:g} "
            f"to {score.scale_max:g}.",
        )


def _check_attributes(attributes: Mapping[str, Attribute]) -> None:
    if not all(map(can_be_written, attributes.values())):
        raise Invalid(
            Reason.WRONG_TYPE, "A number in `attributes` is out of range: send at most 64 bits."
        )
