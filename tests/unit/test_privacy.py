import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.privacy import (
    is_card_number,
    is_iban,
    is_turkish_id,
    redact,
    redact_event,
    redact_payload,
)
from pipeline.model.event import Event
from pipeline.model.event_types import EventType

TCKN = "10000000146"
IBAN = "TR330006100519786457841326"

PERSONAL = [
    TCKN,
    "100 000 001 46",
    IBAN,
    "TR33 0006 1005 1978 6457 8413 26",
    "tr33 0006 1005 1978 6457 8413 26",
    "GB82 WEST 1234 5698 7654 32",
    "DE89370400440532013000",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "5555555555554444",
    "378282246310005",
    "+90 532 123 45 67",
    "+905321234567",
    "905321234567",
    "0090 532 123 45 67",
    "0532 123 45 67",
    "0 532 123 4567",
    "05321234567",
    "0(212) 555 12 34",
    "0 (212) 555 12 34",
    "(0212) 555 12 34",
    "532 123 45 67",
    "5321234567",
    "+49 30 1234567",
    "+1 (415) 555-2671",
    "ayse.yilmaz+banka@ornek.com.tr",
    "a@b.co",
]

HARMLESS = [
    "12345678901",  # eleven digits, wrong check digits
    "Sipariş no: 5321234567",
    "Sipariş no: 905321234567",
    "Sipariş no 1234567890123",
    "4111 1111 1111 1112",  # Luhn fails
    "8690504012345 barkodlu ürün",
    "TR330006100519786457841327",  # mod 97 fails
    "1.250.000,50 TL",
    "27.09.2025 14:30",
    "2025-09-27 14:30:00",
    "2025-09-27T14:30:00+03:00",
    "27 Eylül 2025'te 3 adet aldım, 1500 TL ödedim",
    "@turkcell 20 GB paketim bitti",
    "1000000014",
]


@pytest.mark.parametrize("datum", PERSONAL)
def test_masks_personal_data_and_nothing_beside_it(datum: str) -> None:
    masked = redact(f"Bilgim: {datum}, lütfen arayın.")
    assert masked[:8] == "Bilgim: "
    assert masked.endswith(", lütfen arayın.")
    mark = masked[8 : 8 + len(datum)]
    assert (mark[0], mark[-1]) == ("[", "]")
    assert not any(character.isdigit() or character == "@" for character in mark)


@pytest.mark.parametrize("datum", PERSONAL)
def test_masks_personal_data_that_is_the_whole_text(datum: str) -> None:
    assert redact(datum) != datum


@pytest.mark.parametrize("text", HARMLESS)
def test_leaves_what_is_not_personal(text: str) -> None:
    assert redact(text) == text


def test_names_what_it_masked() -> None:
    text = f"{TCKN} {IBAN} 4111111111111111 05321234567 a@b.co"
    assert redact(text) == (
        "[TCKN*****] [IBAN********************] [CARD**********] [PHONE****] [MAIL]"
    )


def test_words_before_an_iban_do_not_hide_it() -> None:
    assert redact(f"no 12 {IBAN}") == "no 12 [IBAN********************]"


def test_separates_numbers_that_stand_together() -> None:
    assert redact("4111 1111 1111 1111 0532 123 45 67") == "[CARD*************] [PHONE*******]"


@given(st.integers(100_000_000, 999_999_999))
@settings(max_examples=50)
def test_check_digits_of_a_turkish_id_are_the_only_ones_that_fit(first_nine: int) -> None:
    fitting = [f"{first_nine}{check:02}" for check in range(100)]
    assert sum(map(is_turkish_id, fitting)) == 1


@given(st.integers(0, 10**14 - 1))
@settings(max_examples=50)
def test_a_wrong_digit_is_always_noticed_by_luhn(number: int) -> None:
    digits = f"4{number:014}"
    valid = [digits + str(check) for check in range(10) if is_card_number(digits + str(check))]
    assert len(valid) == 1


def test_swapped_digits_of_an_iban_are_noticed() -> None:
    assert is_iban(IBAN)
    assert not is_iban(IBAN[:10] + IBAN[11] + IBAN[10] + IBAN[12:])


AWKWARD = st.lists(
    st.one_of(
        st.sampled_from([*PERSONAL, *HARMLESS, " ", "-", "@", "[", "]", ".", "+", "0", "\ud800"]),
        st.text(max_size=5),
        st.text("0123456789 -+()@.ab", max_size=25),
    ),
    max_size=6,
).map("".join)


@given(AWKWARD)
@settings(max_examples=300)
def test_keeps_length_and_is_idempotent(text: str) -> None:
    masked = redact(text)
    assert len(masked) == len(text)
    assert redact(masked) == masked


KEYS = st.sampled_from(["phone", "to", "name", "adres", "token", "text", "value", "key", "b@c.co"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | AWKWARD | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | AWKWARD, inner, max_size=3),
    max_leaves=9,
).map(lambda value: json.dumps(value).encode())
PAIRS = st.lists(st.tuples(KEYS, st.sampled_from(["=", ": ", '": "']), AWKWARD)).map(
    lambda pairs: "&".join(map("".join, pairs)).encode("utf-8", "replace")
)


@given(JSON | PAIRS | st.binary(max_size=80) | AWKWARD.map(lambda t: t.encode("utf-8", "replace")))
@settings(max_examples=200)
def test_any_bytes_can_be_a_dead_letter(payload: bytes) -> None:
    masked = redact_payload(payload)
    assert compact(redact_payload(masked)) == compact(masked)


def compact(payload: bytes) -> bytes:
    """JSON without spaces: what broke it may have been masked."""
    try:
        return msgspec.json.encode(msgspec.json.decode(payload))
    except (msgspec.MsgspecError, UnicodeError):
        return payload


def test_masks_the_words_of_an_event_but_not_its_ids() -> None:
    event = Event(
        event_id=TCKN,
        occurred_at=datetime(2025, 1, 1, tzinfo=UTC),
        customer_id="a@b.co",
        channel="email",
        type=EventType.MESSAGE,
        text=f"kimlik {TCKN}",
        title="0532 123 45 67",
        attributes={"note": "a@b.co", "amount": 5},
    )
    assert redact_event(event) == msgspec.structs.replace(
        event,
        text="kimlik [TCKN*****]",
        title="[PHONE*******]",
        attributes={"note": "[MAIL]", "amount": 5},
    )


FREE = ("title", "channel", "language", "touchpoint", "product", "segment", "brand", "source")
IDS = ("ticket_id", "order_id", "account_id")


def event_with(**fields: object) -> Event:
    when = datetime(2025, 1, 1, tzinfo=UTC)
    event = Event("e", when, "c", "chat", EventType.MESSAGE, text="hi")
    return msgspec.structs.replace(event, **fields)


def test_masks_every_short_field_but_the_ids() -> None:
    masked = redact_event(event_with(**dict.fromkeys((*FREE, *IDS), "ara 0532 123 45 67")))
    assert {getattr(masked, name) for name in FREE} == {"ara [PHONE*******]"}
    assert {getattr(masked, name) for name in IDS} == {"ara 0532 123 45 67"}


def test_masks_numbers_and_names_among_the_attributes() -> None:
    personal = {
        "tckn": 10000000146,
        "card": 4111111111111111,
        "phone": 905321234567,
        "from a table": 5321234567.0,
        "a@b.co": True,
    }
    assert redact_event(event_with(attributes=personal)).attributes == {
        "tckn": "[TCKN*****]",
        "card": "[CARD**********]",
        "phone": "[PHONE*****]",
        "from a table": "[PHONE***]",
        "[MAIL]": True,
    }


@pytest.mark.parametrize(
    "event",
    [
        event_with(),
        event_with(text="20 GB, 3 gün", brand="Marka 24"),
        event_with(attributes={"amount": 12345678901, "share": 0.5321234567, "n": None, "x": "24"}),
    ],
)
def test_an_event_without_personal_data_is_itself(event: Event) -> None:
    assert redact_event(event) is event


def test_a_json_dead_letter_keeps_its_ids_and_stays_json() -> None:
    payload = (
        b'{"event_id":"10000000146","customer_id":"a@b.co","amount":1e999,"score":{"value":9.50},'
        b'"text":"10000000146","title":["a\\u0040b.co"],"attributes":{"x":"a@b.co","y":1}}'
    )
    masked = redact_payload(payload)
    assert b'"amount":1e999,"score":{"value":9.50}' in masked
    assert json.loads(masked) == {
        "event_id": TCKN,
        "customer_id": "a@b.co",
        "amount": float("inf"),
        "score": {"value": 9.5},
        "text": "[TCKN*****]",
        "title": ["[MAIL]"],
        "attributes": {"x": "[MAIL]", "y": 1},
    }


def test_a_field_that_is_none_of_ours_is_masked_as_well() -> None:
    payload = (
        b'{"event_id":"\\u0061@b.co","order_id":10000000146,"ticket_id":{"id":"a@b.co"},'
        b'"tekst":"ara 0532 123 45 67 a@b.co","tckn":10000000146,"type":"a@b.co",'
        b'"data":[{"event_id":"a@b.co","phone":5321234567.0}],"a@b.co":null}'
    )
    assert redact_payload(payload) == (
        b'{"event_id":"\\u0061@b.co","order_id":10000000146,"ticket_id":{"id":"[MAIL]"},'
        b'"tekst":"ara [PHONE*******] [MAIL]","tckn":"[TCKN*****]","type":"[MAIL]",'
        b'"data":[{"event_id":"[MAIL]","phone":"[PHONE***]"}],"[MAIL]":null}'
    )


@pytest.mark.parametrize(
    ("payload", "masked"),
    [
        (b'{"text": "10000000146', b'{"text": "[TCKN*****]'),
        (b"\xff\xfe 10000000146 \x80", b"\xff\xfe [TCKN*****] \x80"),
        (b'["a@b.co"]', b'["[MAIL]"]'),
        (b'{"text": "\xff a@b.co"}', b'{"text": "\xff [MAIL]"}'),
        (b"", b""),
    ],
)
def test_masks_bytes_that_are_no_json_object(payload: bytes, masked: bytes) -> None:
    assert redact_payload(payload) == masked


def test_survives_deep_nesting() -> None:
    payload = b'{"text":' + b"[" * 100_000 + b'"a@b.co"'
    assert redact_payload(payload).endswith(b'"[MAIL]"')
