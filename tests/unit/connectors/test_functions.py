"""The functions that values of mappings go through."""

import hashlib
import hmac
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.connectors.language.functions import FUNCTIONS
from pipeline.ingest.addresses import normalised

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def call(name: str, value: Any, *arguments: Any, **settings: Any) -> Any:
    return FUNCTIONS[name].call(value, *arguments, **settings)


@pytest.mark.parametrize(
    ("name", "value", "settings", "expected"),
    [
        ("epoch_s", "1795608000", {}, NOON),
        ("epoch_s", 1795608000.25, {}, NOON + timedelta(milliseconds=250)),
        ("epoch_ms", 1795608000123, {}, NOON + timedelta(milliseconds=123)),
        ("epoch_us", 1795608000123456, {}, NOON + timedelta(microseconds=123456)),
        ("seconds_nanos", {"seconds": "1795608000"}, {}, NOON),
        (
            "seconds_nanos",
            {"seconds": 1795608000, "nanos": 5000000},
            {},
            NOON + timedelta(milliseconds=5),
        ),
        ("rfc3339", "2026-11-25T15:00:00+03:00", {}, NOON),
        ("rfc3339", "2026-11-25T12:00:00.123456789Z", {}, NOON.replace(microsecond=123456)),
        ("rfc3339", "2026-11-25T15:00:00+0300", {}, NOON),
        ("utc", 1795608000000, {}, NOON),
        ("utc", 1795608000, {}, NOON),
        ("rfc2822", "Wed, 25 Nov 2026 15:00:00 +0300", {}, NOON),
        ("rfc2822", "2026-11-25T15:00:00+03:00", {}, NOON),
        ("utc", "2026-11-25T12:00:00", {}, NOON),
        ("utc", "2026-11-25 12:00:00 UTC", {}, NOON),
        ("local", "2026-11-25 15:00:00", {"timezone": "Europe/Istanbul"}, NOON),
        ("local", "25.11.2026 15:00", {"timezone": "Europe/Istanbul"}, NOON),
        ("local", "25/11/2026 15:00:00", {"timezone": "Europe/Istanbul"}, NOON),
        ("local", "2026-11-25T13:00:00+01:00", {"timezone": "Europe/Istanbul"}, NOON),
        ("local", "25 Kasım 2026 15:00", {"timezone": "Europe/Istanbul"}, NOON),
        ("local", 46351.625, {"timezone": "Europe/Istanbul"}, NOON),
        ("epoch", "1795608000", {}, NOON),
        ("epoch", 1795608000000, {}, NOON),
        ("epoch", 1795608000000000, {}, NOON),
        ("epoch", 1795608000.25, {}, NOON + timedelta(milliseconds=250)),
        ("wall_epoch_ms", 1795618800000, {"timezone": "Europe/Istanbul"}, NOON),
    ],
)
def test_times_are_read_as_systems_write_them(
    name: str, value: Any, settings: dict[str, str], expected: datetime
) -> None:
    assert call(name, value, **settings) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epoch_s", "yesterday"),
        ("epoch_s", True),
        ("epoch", True),
        ("epoch", "inf"),
        ("epoch_ms", "9" * 40),
        ("seconds_nanos", {"nanos": 1}),
        ("seconds_nanos", {"seconds": 1, "nanos": "many"}),
        ("seconds_nanos", {"seconds": 1, "nanos": 10**30}),
        ("rfc3339", "2026-11-25T12:00:00"),
        ("rfc3339", "2026-13-25T12:00:00Z"),
        ("rfc2822", "soon"),
        ("local", "31.02.2026 10:00"),
    ],
)
def test_what_is_no_time_is_told(name: str, value: Any) -> None:
    settings = {"timezone": "Europe/Istanbul"} if name == "local" else {}
    with pytest.raises(ValueError, match=r".+"):
        call(name, value, **settings)


def test_a_sender_whose_clock_is_fast_is_not_ahead_of_us() -> None:
    assert call("at_latest", NOON + timedelta(hours=1), NOON) == NOON
    assert call("at_latest", NOON - timedelta(hours=1), NOON) == NOON - timedelta(hours=1)


def test_wall_time_needs_its_zone() -> None:
    with pytest.raises(ValueError, match="`timezone`"):
        call("local", "2026-11-25 15:00:00", timezone=None)


@pytest.mark.parametrize(
    "phone",
    ["0532 123 45 67", "+90 532 123 45 67", "905321234567", "5321234567", "00905321234567"],
)
def test_a_phone_number_has_one_pseudonym_however_it_is_written(phone: str) -> None:
    assert normalised(phone) == "905321234567"


def test_the_pseudonym_is_the_keyed_hash_of_the_normalised_address() -> None:
    expected = hmac.new(b"anahtar", b"905321234567", hashlib.sha256).hexdigest()
    assert call("pseudonym", "+90 (532) 123 45 67", pseudonym_key="anahtar") == expected
    mail = hmac.new(b"anahtar", b"elif@posta.example", hashlib.sha256).hexdigest()
    assert call("pseudonym", "Elif <Elif@Posta.example>", pseudonym_key="anahtar") == mail


def test_a_hidden_caller_has_no_number() -> None:
    assert call("phone", "anonymous") is None
    assert call("phone", "") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", 4),
        ("4,5", 4.5),
        ("4.5", 4.5),
        ("1.234,50", 1234.5),
        ("1,234.50", 1234.5),
        ("1.234.567", 1234567),
        ("-3", -3),
        (7, 7),
    ],
)
def test_numbers_are_read_as_tables_write_them(text: Any, expected: float) -> None:
    assert call("number", text) == expected


def test_of_a_translated_review_the_words_of_the_customer_remain() -> None:
    text = "(Translated by Google) Never again.\n\n(Original)\nBir daha asla."
    assert call("original", text) == "Bir daha asla."
    assert call("original", "Çok iyi.\n\n(Translated by Google)\nVery good.") == "Çok iyi."
    assert call("original", "Çok iyi.") == "Çok iyi."


@given(
    st.sampled_from(sorted(FUNCTIONS)),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
)
def test_no_value_makes_a_function_fail_otherwise_than_by_saying_why(name: str, value: Any) -> None:
    function = FUNCTIONS[name]
    arguments = ("1",) * function.arguments.start
    settings = {key: "Europe/Istanbul" if key == "timezone" else None for key in function.settings}
    if value is None:
        return
    with suppress(ValueError):
        call(name, value, *arguments, **settings)


def test_the_last_item_that_has_a_value_is_taken() -> None:
    steps = [{"at": 1, "status": "Created"}, {"at": 2, "status": "created"}, {"at": 3}, "?"]
    assert call("having", steps, "status", "CREATED") == {"at": 2, "status": "created"}
    assert call("having", steps, "status", "Shipped") is None
    assert call("having", [{"of": {"id": 7}}], "of.id", "7") == {"of": {"id": 7}}
    assert call("having", {"status": "Created"}, "status", "Created") is None


def test_a_text_in_base64_is_decoded() -> None:
    assert call("decoded", "eyJhIjogIsOnIn0=") == '{"a": "ç"}'
    for broken in ("%%%", "eyJ", "//8="):
        with pytest.raises(ValueError, match="base64"):
            call("decoded", broken)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied", "X-Mailer": "x"},
        [["X-Mailer", "x"], ["auto-submitted", "auto-replied"]],
        '[["X-Mailer", "x"], ["Auto-Submitted", "auto-replied"]]',
        "X-Mailer: x\r\nAuto-Submitted: auto-replied\r\n",
    ],
)
def test_a_header_of_mail_is_found_however_a_service_hands_it_over(headers: Any) -> None:
    assert call("mail_headers", headers) == {"x-mailer": "x", "auto-submitted": "auto-replied"}


def test_a_header_of_mail_is_read_with_its_letters() -> None:
    folded = "Subject: =?utf-8?q?=C4=B0ade?=\n =?utf-8?q?_gecikti?=\nDate: x\n"
    assert call("mail_headers", folded)["subject"] == "İade gecikti"
    assert call("mail_headers", {"subject": "=?none?q?x?="}) == {"subject": "=?none?q?x?="}


def test_of_several_headers_the_first_that_says_something_counts() -> None:
    headers = [["To", " "], ["To", "a"], ["to", "b"], ["X-Long", "x" * 20_000]]
    assert call("mail_headers", headers) == {"to": "a"}


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x, max_size=3)))
def test_headers_of_mail_may_be_anything(headers: Any) -> None:
    assert all(call("mail_headers", headers).values())


def test_a_cell_is_found_by_any_of_its_names() -> None:
    row = {"MÜŞTERİ NO": " ", "Üye_No": "7", "Yorum": "iyi"}
    assert call("cell", row, None, "müşteri no", "üye no") == "7"
    assert call("cell", row, "Yorum") == "iyi"
    assert call("cell", row, "puan") is None
    assert call("cell", ["no", "row"], "puan") is None


def test_an_item_of_a_list_is_the_earliest() -> None:
    steps = [{"at": "2026-12-03T08:00:00Z"}, {"at": None}, {"at": "2026-12-02T08:00:00Z"}]
    assert call("least", steps, "at") == {"at": "2026-12-02T08:00:00Z"}
    assert call("least", [{}], "at") is None
    assert call("least", {"at": 1}, "at") is None


def test_items_of_a_list_are_given_once() -> None:
    assert call("distinct", ["b", "a", "b", {"a": 1}, {"a": 1}]) == ["b", "a", {"a": 1}]
    assert call("distinct", "b") == "b"


def test_a_value_is_among_others() -> None:
    assert call("among", "from-trunk", ["from-pstn", "from-trunk"]) == "from-trunk"
    assert call("among", "from-trunk", "from-trunk") == "from-trunk"
    assert call("among", 7, ["7"]) == 7
    assert call("among", "from-internal", ["from-trunk"]) is None
    assert call("among", "from-internal", None) is None


def test_a_value_may_depend_on_another() -> None:
    assert call("given", "recipient", "echo") == "recipient"
    assert call("given", "recipient", None) is None
    assert call("given", "recipient", "") is None


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ("Naz <Naz@Posta.example>", "naz@posta.example"),
        ("Can <can@firma.example>, Naz <naz@posta.example>", "naz@posta.example"),
        (["destek@yardim.example", '"Naz, N." <naz@posta.example>'], "naz@posta.example"),
        ("Destek@Yardim.example", None),
        ("nobody", None),
    ],
)
def test_who_is_not_of_the_company_is_found(addresses: Any, expected: str | None) -> None:
    assert call("outsider", addresses, ["Firma.example", "destek@yardim.example"]) == expected
    assert call("outsider", "naz@posta.example", None) == "naz@posta.example"


def test_texts_are_compared_without_case_and_marks() -> None:
    assert call("folded", "OFİS DIŞINDA") == call("folded", "Ofis dışında") == "ofis disinda"


@pytest.mark.parametrize("text", ["OUT_OF_STOCK", "OutOfStock", "out of stock!"])
def test_words_are_equal_whatever_they_are_joined_with(text: str) -> None:
    assert call("letters", text) == "outofstock"


def test_a_sign_stays_a_sign() -> None:
    assert call("letters", "👎") == "👎"
