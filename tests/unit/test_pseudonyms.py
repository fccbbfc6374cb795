"""The address of a person is no id, however it is written; what is none stays as it is."""

import re
from datetime import UTC, datetime
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.pseudonyms import WITHOUT_KEY, Pseudonyms, address_in
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event
from pipeline.model.event_types import EventType

KEYED = Pseudonyms("k")

LANDLINES = st.sampled_from(["212", "216", "232", "312", "322", "424", "462", "850", "800"])
MOBILES = st.sampled_from(["501", "505", "532", "541", "555"])
BETWEEN = st.sampled_from(["", " ", "-", ".", " - "])
PREFIXES = st.sampled_from(["", "wa:", "wa-", "tel_", "telefon ", "whatsapp:"])


@st.composite
def phone_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """Return a phone number of Turkey as somebody writes it, and its digits with the prefix."""
    area = draw(LANDLINES | MOBILES)
    rest = draw(st.from_regex(r"[1-9][0-9]{6}", fullmatch=True))
    country = draw(st.sampled_from(["0", "90", "+90", "0090", "+90 0"]))
    between = draw(BETWEEN)
    cut = draw(st.sampled_from([(3, 5, 7), (3, 7, 7), (3, 4, 7)]))
    groups = [rest[: cut[0]], rest[cut[0] : cut[1]], rest[cut[1] :]]
    written = draw(st.sampled_from([f"{country}{between}{area}", f"{country} ({area})"]))
    if country == "0":
        written = draw(st.sampled_from([written, f"(0{area})"]))
    return between.join([written, *filter(None, groups)]), f"90{area}{rest}"


@given(phone_numbers(), PREFIXES)
def test_a_phone_number_is_one_id_however_it_is_written(
    phone: tuple[str, str], prefix: str
) -> None:
    written, digits = phone
    assert KEYED.id_of("customer_id", prefix + written) == KEYED.of(digits)


@given(phone_numbers(), st.sampled_from(["-1", ":2", "/a", " (ev)", "_x"]))
def test_what_follows_a_phone_number_makes_it_another_id(
    phone: tuple[str, str], suffix: str
) -> None:
    written, digits = phone
    found = KEYED.id_of("ticket_id", written + suffix)
    assert re.fullmatch("[0-9a-f]{64}", found)
    assert found != KEYED.of(digits)


@pytest.mark.parametrize(
    "value",
    [
        *("0212 444 55 66", "(0212) 444 55 66", "0 850 222 0 333", "02124445566"),
        *("0532 111 22 33-1", "wa:905321112233", "wa-905321112233", "4711/05321112233"),
        *("+49 170 1234567", "whatsapp:+491701234567", "+1 (212) 555-0123"),
        *("ayse@x.example", "mail:ayse@x.example", "<ayse@x.example>-1", "Ayşe <a@x.example>"),
    ],
)
def test_an_address_is_no_id(value: str) -> None:
    for made in (KEYED.id_of("order_id", value), KEYED.event_id_of(value)):
        assert re.fullmatch("[0-9a-f]{64}", made)
    for make in (
        lambda: WITHOUT_KEY.id_of("order_id", value),
        lambda: WITHOUT_KEY.event_id_of(value),
    ):
        with pytest.raises(Invalid, match="pseudonym_key_file") as refused:
            make()
        assert refused.value.reason == Reason.WRONG_TYPE
        assert value not in refused.value.detail


@pytest.mark.parametrize(
    "value",
    [
        *("5321112233", "512340000000390015", "S-0532", "053211122334", "1053211122334"),
        *("00002044", "00000012345", "01234567890", "02000012345", "9100000000017"),
        *("wamid.HBgMOTA1MzIxMTEyMjMzFQIAEhgUM0EwRjk=", "csv-905321112233ab", "A02124445566"),
        *("0532abcd-1112-4233-8444-905321112233", "90532111-2233-4244-8255-0123456789ab"),
        *("2026-01-31", "02.12.2026 11:05", "20260131140500", "ORD-02-12-2026-110"),
        *("2026-12-03T08:00:00.500000+03:00", "1796284800.05321112233", "conv:1796284800.5"),
        *("TR330006100519786457841326", "TR33 0006 1005 1978 6457 8413 26"),
        *("028-7654321-1234567", "4111 1111 1111 1111", "8690532111223", "user@home", "@ayse"),
    ],
)
def test_what_is_no_address_stays(value: str) -> None:
    assert WITHOUT_KEY.id_of("customer_id", value) == value
    assert WITHOUT_KEY.event_id_of(value) == value


@given(
    st.uuids().map(str)
    | st.integers(0, 10**10 - 1).map(str)
    | st.integers(10**13, 10**20).map(str)
    | st.datetimes().map(datetime.isoformat)
    | st.datetimes(min_value=datetime(1000, 1, 1)).map(lambda at: f"{at:%d.%m.%Y %H:%M:%S}")
    | st.from_regex(r"[A-Z]{2,3}-[0-9]{1,9}", fullmatch=True)
    | st.from_regex(r"[A-Za-z]0[0-9]{10}", fullmatch=True)
    | st.from_regex(r"TR[0-9]{2}( [0-9]{4}){5} [0-9]{2}", fullmatch=True)
    | st.from_regex(r"wamid\.[A-Za-z0-9]{20,60}=?", fullmatch=True)
)
def test_ids_of_other_systems_stay(value: str) -> None:
    assert address_in(value) is None


@given(st.text(max_size=40))
def test_an_id_is_made_once(value: str) -> None:
    once = KEYED.id_of("customer_id", value)
    assert KEYED.id_of("customer_id", once) == once


def test_events_differ_that_differ_in_more_than_the_address() -> None:
    values = ["1 <a@x.example>", "2 <a@x.example>", "05321112233:1", "05321112233:2"]
    assert len({KEYED.event_id_of(value) for value in values}) == len(values)
    tickets = ["1001-05321112233", "1002-05321112233", "05321112233"]
    assert len({KEYED.id_of("ticket_id", value) for value in tickets}) == len(tickets)


def test_an_event_has_no_address_in_any_id() -> None:
    event = Event(
        event_id="m-1",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        customer_id="c-1",
        channel="chat",
        type=EventType.MESSAGE,
    )
    assert WITHOUT_KEY.without_addresses(event) is event
    addressed = Event(
        event_id="0532 111 22 33-1",
        occurred_at=event.occurred_at,
        customer_id="0532 111 22 33",
        channel="chat",
        type=EventType.MESSAGE,
        account_id="a@x.example",
    )
    made = KEYED.without_addresses(addressed)
    assert made.customer_id == KEYED.of("905321112233")
    assert made.account_id == KEYED.of("a@x.example")
    assert address_in(made.event_id) is None


@pytest.mark.parametrize(
    "value",
    [
        "a" * 500_000 + "@",
        "a@" * 250_000,
        "0532abcd-1112-4233-8444-905321112233 " * 14_000,
        "0 " * 250_000,
    ],
)
def test_an_id_of_any_length_is_looked_through_at_once(value: str) -> None:
    begun = monotonic()
    assert address_in(value) is None
    assert monotonic() - begun < 5
