"""In a batch with anything in it every message comes out once: as an event, or as a dead letter."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.runtime.messages import Message, decode_as, decode_batch
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import ALERTS, FEEDBACK, FOLLOW_UPS, INTERACTIONS, SCORED
from pipeline.ingest.decode import decode_event
from pipeline.ingest.privacy import redact_event
from pipeline.model.alert import AlertEvent
from pipeline.model.reading import Scored

NOW = datetime(2099, 1, 1, tzinfo=UTC)


def examples(*topics: str) -> list[bytes]:
    found = [
        one
        for topic in topics
        for one in sorted((ROOT / "schemas" / topic / "examples").glob("*.json"))
    ]
    return [json.dumps(json.loads(one.read_bytes()), ensure_ascii=False).encode() for one in found]


VALID = examples(FEEDBACK, INTERACTIONS)
"""Events as their sources send them."""
OURS = examples(ALERTS, SCORED, FOLLOW_UPS)
"""What our roles send to each other."""


def key_of(value: bytes) -> bytes:
    customer: str = json.loads(value)["customer_id"]
    return customer.encode()


@st.composite
def damaged(draw: st.DrawFn, messages: list[bytes]) -> bytes:
    """A valid message with a few bytes cut out, put in or repeated somewhere."""
    value = draw(st.sampled_from(messages))
    for _ in range(draw(st.integers(1, 3))):
        start, stop = sorted((draw(st.integers(0, len(value))), draw(st.integers(0, len(value)))))
        put = draw(st.binary(max_size=8) | st.just(value[start:stop] * 2))
        value = value[:start] + put + value[stop:]
    return value


anything = st.one_of(
    st.sampled_from([(value, key_of(value)) for value in VALID]),
    st.tuples(st.none() | st.binary() | damaged(VALID), st.none() | st.binary(max_size=20)),
)


def batch(items: list[tuple[bytes | None, bytes | None]]) -> list[Message]:
    return [
        Message("cx.interactions", 0, offset, key, value, NOW, NOW)
        for offset, (value, key) in enumerate(items)
    ]


def decode(message: Message) -> Any:
    """As `understand` does."""
    return redact_event(decode_event(message.value, message.key, now=NOW))


@given(st.lists(anything, max_size=8))
@settings(max_examples=150)
@example([(VALID[0], key_of(VALID[0])), (b"{" * 5_000, b"c"), (VALID[1], key_of(VALID[1]))])
def test_each_message_comes_out_once_and_the_good_ones_as_if_alone(
    items: list[tuple[bytes | None, bytes | None]],
) -> None:
    messages = batch(items)
    good, dead = decode_batch(messages, decode)
    offsets = [message.offset for message, _ in good] + [letter.offset for letter in dead]
    assert sorted(offsets) == list(range(len(items)))
    for message, event in good:
        assert event == decode(message)
    intact = {n for n, (value, key) in enumerate(items) if value in VALID and key == key_of(value)}
    assert intact <= {message.offset for message, _ in good}


@given(st.lists(st.none() | st.binary() | st.sampled_from(OURS) | damaged(OURS), max_size=8))
@settings(max_examples=100)
def test_nothing_on_our_own_topics_stops_who_reads_them(values: list[bytes | None]) -> None:
    messages = batch([(value, b"c") for value in values])
    for kind in (Scored, AlertEvent):
        good, dead = decode_batch(messages, decode_as(kind))  # type: ignore[arg-type, var-annotated]
        offsets = [message.offset for message, _ in good] + [letter.offset for letter in dead]
        assert sorted(offsets) == list(range(len(values)))
