"""Every wrong message gets its reason and a sentence; no bytes ever raise anything else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.decode import MAX_BYTES, decode_event, encode_event, parse_event
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event, Metric, Score
from pipeline.model.event_types import EventType

NOW = datetime(2025, 10, 1, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "event_id": "e1",
    "occurred_at": "2025-10-01T14:03:00+03:00",
    "customer_id": "c1",
    "channel": "call",
    "type": "message",
}


def encoded(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def scored(metric: str, value: float, low: float, high: float) -> bytes:
    return encoded(score={"metric": metric, "value": value, "scale_min": low, "scale_max": high})


def without(field: str) -> bytes:
    return json.dumps({name: value for name, value in GOOD.items() if name != field}).encode()


def verdict(value: bytes | None, key: bytes | None = b"c1") -> Invalid:
    with pytest.raises(Invalid) as caught:
        decode_event(value, key, now=NOW)
    return caught.value


def test_a_good_message_becomes_the_event_it_says() -> None:
    event = decode_event(encoded(text="Geç kaldı 😡", ticket_id="T1"), b"c1", now=NOW)
    assert event == Event(
        event_id="e1",
        occurred_at=datetime(2025, 10, 1, 11, 3, tzinfo=UTC),
        customer_id="c1",
        channel="call",
        type=EventType.MESSAGE,
        text="Geç kaldı 😡",
        ticket_id="T1",
    )


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        (encoded(text="x" * 262_144), Reason.TOO_LARGE, "262,144 are allowed"),
        (None, Reason.EMPTY, "no body"),
        (b"", Reason.EMPTY, "no body"),
        (b" \n", Reason.EMPTY, "no body"),
        (b'{"event_id":"\xff"}', Reason.NOT_UTF8, "Byte 13"),
        (b'{"unknown":"\xfe",' + encoded()[1:], Reason.NOT_UTF8, "Byte 12"),
        (encoded()[:-1], Reason.NOT_JSON, "truncated"),
        (encoded() + b"{", Reason.NOT_JSON, "trailing"),
        (b'{"a":1}{', Reason.NOT_JSON, "trailing"),
        (b'{"text":"\\ud8zz"}', Reason.NOT_JSON, "not JSON"),
        ('{"text":"iyi"}'.encode("utf-16-le"), Reason.NOT_JSON, "NUL bytes, as UTF-16"),
        (b'{"unknown":NaN}', Reason.NOT_JSON, "not JSON"),
        (b'{"unknown":' + b"[" * 50_000, Reason.NOT_JSON, "nested too deeply"),
        (b"[]", Reason.WRONG_TYPE, "not an object"),
        (without("customer_id"), Reason.MISSING_FIELD, "`customer_id`"),
        (encoded(event_id=""), Reason.MISSING_FIELD, "`event_id` is empty"),
        (encoded(score={"metric": "nps"}), Reason.MISSING_FIELD, "`score.value`"),
        (encoded(text=5), Reason.WRONG_TYPE, "`text`"),
        (encoded(type=5), Reason.WRONG_TYPE, "`type`"),
        (encoded(revision=-1), Reason.WRONG_TYPE, "`revision`"),
        (encoded(author_type="The Boss"), Reason.WRONG_TYPE, "customer, agent, bot, system"),
        (scored("NPS", 3, 0, 10), Reason.WRONG_TYPE, "ces, rating: did you mean nps?"),
        (encoded(occurred_at="yesterday"), Reason.WRONG_TYPE, "`occurred_at`"),
        (encoded(occurred_at="1969-12-31T23:59:59Z"), Reason.WRONG_TYPE, "before 1970"),
        (encoded(attributes={"a": 10**30}), Reason.WRONG_TYPE, "64 bits"),
        (b'{"event_id":1e999}', Reason.WRONG_TYPE, "out of range"),
        (encoded(type="Ticket Opened"), Reason.UNKNOWN_TYPE, "did you mean ticket.opened?"),
        (encoded(type="ZZZ"), Reason.UNKNOWN_TYPE, "docs/events.md"),
        (encoded(type="x" * 51), Reason.UNKNOWN_TYPE, "docs/events.md"),
        (encoded(type=""), Reason.UNKNOWN_TYPE, "docs/events.md"),
        (encoded(occurred_at="2025-10-01T14:03:00"), Reason.TIME_WITHOUT_OFFSET, "`occurred_at`"),
        (encoded(occurred_at="2025-10-01T12:10:01Z"), Reason.TIME_IN_FUTURE, "later than"),
        (encoded(text="😡" * 20_001), Reason.TEXT_TOO_LONG, "`text` is longer than 20,000"),
        (encoded(title="x" * 1_001), Reason.TEXT_TOO_LONG, "`title` is longer than 1,000"),
        (scored("nps", 11, 0, 10), Reason.SCORE_OUT_OF_SCALE, "is 11, outside"),
        (scored("rating", 0, 1, 10), Reason.SCORE_OUT_OF_SCALE, "is 0, outside"),
        (scored("rating", 3, 5, 5), Reason.SCORE_OUT_OF_SCALE, "must be less than"),
        (scored("nps", 3, 1, 5), Reason.UNSUPPORTED_SCALE, "from 0 to 10 only"),
        (scored("csat", 3, 0, 10), Reason.UNSUPPORTED_SCALE, "from 1 to 5 only"),
        (scored("ces", 3, 1, 5), Reason.UNSUPPORTED_SCALE, "from 1 to 7 only"),
    ],
)
def test_a_wrong_message_gets_its_reason_and_a_sentence(
    value: bytes | None, reason: Reason, words: str
) -> None:
    error = verdict(value)
    assert error.reason is reason
    assert words in error.detail


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (None, Reason.MISSING_KEY),
        (b"", Reason.MISSING_KEY),
        (b"c2", Reason.KEY_MISMATCH),
        (b"\xff", Reason.KEY_MISMATCH),
    ],
)
def test_the_key_must_be_the_customer(key: bytes | None, reason: Reason) -> None:
    assert verdict(encoded(), key).reason is reason


@pytest.mark.parametrize(
    "half",
    [
        *("\\ud83d", "\\uDE00", "\\ud83d\\ud83d\\ude00", "\\\\\\ud83d", "\\ud83d\\n", "\\\\ud83d"),
        *("\ud83d", "\ude00", "\ud83d\ud83d\ude00", "\ude00\ud83d"),
    ],
)
def test_half_of_an_emoji_becomes_the_sign_for_it_and_the_rest_stays(half: str) -> None:
    given = f'"kötü {half}x"'
    # Python reads halves as they are, and UTF-16 tells them from pairs.
    said = json.loads(given).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    written = given[1:-1].encode("utf-8", "surrogatepass")
    message = encoded(text="TEXT", title="TEXT", attributes={"TEXT": "TEXT"}, zz=["TEXT"])
    event = decode_event(message.replace(b"TEXT", written), b"c1", now=NOW)
    assert (event.text, event.title, event.attributes[said]) == (said, said, said)
    assert json.loads(str(event.attributes["zz"])) == [said]
    assert event == parse_event(encode_event(event))


@given(st.text(st.characters(exclude_categories=())), st.booleans())
def test_every_text_is_kept_whatever_halves_are_in_it(text: str, escaped: bool) -> None:
    message = json.dumps({**GOOD, "text": text}, ensure_ascii=escaped)
    event = parse_event(message.encode("utf-8", "surrogatepass"))
    assert event.text == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode_event(b"\xef\xbb\xbf" + encoded(), b"c1", now=NOW).event_id == "e1"


def test_limits_are_inclusive() -> None:
    text = {"text": "ş" * 20_000, "occurred_at": "2025-10-01T12:10:00Z"}
    left = MAX_BYTES - len(encoded(**text, zz=""))
    event = decode_event(encoded(**text, zz="z" * left), b"c1", now=NOW)
    assert len(event.text or "") == 20_000
    assert event.occurred_at == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(("metric", "low", "high"), [("nps", 0, 10), ("csat", 1, 5), ("ces", 1, 7)])
def test_both_ends_of_a_scale_are_answers(metric: str, low: float, high: float) -> None:
    for value in (low, high):
        event = decode_event(scored(metric, value, low, high), b"c1", now=NOW)
        assert event.score == Score(Metric(metric), value, low, high)


def test_a_sentence_quotes_nothing_that_was_sent() -> None:
    secret = "10000000146"
    for field in GOOD:
        for wrong in (secret, [secret], {secret: secret}):
            assert secret not in verdict(encoded(**{field: wrong}), b"other").detail


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def decodes_or_says_why(value: bytes) -> None:
    """Whatever is read can be written, and read again as the same."""
    try:
        event = decode_event(value, b"c1", now=NOW)
    except Invalid:
        return
    assert decode_event(encode_event(event), b"c1", now=NOW) == event


@given(st.binary())
@settings(max_examples=200)
def test_arbitrary_bytes(value: bytes) -> None:
    decodes_or_says_why(value)


@given(st.sampled_from(Event.__struct_fields__), json_values)
@settings(max_examples=300)
def test_any_value_in_any_field(field: str, value: object) -> None:
    decodes_or_says_why(json.dumps({**GOOD, field: value}, default=str).encode())


@given(st.data())
@settings(max_examples=300)
def test_a_good_message_damaged_anywhere(data: st.DataObject) -> None:
    message = bytearray(
        scored("nps", 3, 0, 10)[:-1] + b',"text":"\\u0130yi","attributes":{"a":1.5,"b":null}}'
    )
    decode_event(bytes(message), b"c1", now=NOW)
    at = data.draw(st.integers(0, len(message)))
    length = data.draw(st.integers(0, 4))
    message[at : at + length] = data.draw(st.binary(max_size=4))
    decodes_or_says_why(bytes(message))
