"""What people see of a delivery: nothing personal, and nothing that proves who sent it."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from pipeline.connectors.delivery import Delivery
from pipeline.connectors.recorded import FORM
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.watch.shown import shown
from pipeline.model.dead_letter import KEPT_PAYLOAD

BOOK = MappingBook(Path(__file__).parents[3] / "connectors")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
PERSONAL = {
    "callee": 902124445566,
    "from": "491701234567",
    "to": [{"wa_id": "4917012345670"}],
    "customerPhone": "0170 1234567",
    "telefon": "212-444-55-66",
    "Tel. No": "444 55 66",
    "first_name": "Zübeyde",
    "contact": {"name": {"given": "Zübeyde"}, "soyad": "Yıldız"},
    "billing_address": {"line1": "Lale Sok. 5", "city": "Kuşadası", "zip": 35220},
    "adres": "Lale Sok. 5",
    "answers": [{"name": "phone_number", "values": ["444 55 66"]}],
    "sent": '{"msisdn": "444 55 66", "name": "Zübeyde"}',
}
FLAT = {key: datum for key, datum in PERSONAL.items() if not isinstance(datum, list | dict)}
TELLING = ("902124445566", "4917012345", "1234567", "444", "Zübeyde", "Yıldız", "Lale", "Kuşada")


def body_shown(body: bytes, content_type: str = "application/json", system: str = "") -> str:
    delivery = Delivery("c-1", NOW, body, headers={"content-type": content_type})
    return shown(delivery, BOOK.mapping(system) if system else None).decode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (msgspec.json.encode(PERSONAL), "application/json"),
        (msgspec.json.encode([FLAT]) + b"]", "application/json"),
        (msgspec.json.encode(FLAT)[:-4], "application/json"),
        (msgspec.json.encode(PERSONAL) + b"\n{}", "application/jsonl"),
        (urlencode(FLAT).encode(), FORM),
        (
            b"tel=444+55+66&adres=Lale+Sok.+5&name=Y%C4%B1ld%C4%B1z&callee=902124445566",
            "text/plain",
        ),
        (msgspec.json.encode(PERSONAL), "multipart/form-data; boundary=x"),
        (
            msgspec.json.encode({"data": PERSONAL, "text": "x" * KEPT_PAYLOAD}),
            "application/json",
        ),
    ],
)
def test_what_the_key_tells_to_be_personal_is_masked(body: bytes, content_type: str) -> None:
    text = body_shown(body, content_type)
    assert len(text) <= KEPT_PAYLOAD
    assert not [datum for datum in TELLING if datum in text]


def test_what_is_not_personal_stays_to_be_seen() -> None:
    body = {
        "order_number": 8100200300,
        "product_name": "Kargo",
        "from": "2026-12-03T08:00:00Z",
        "number": 42,
        "sender": {"id": 31, "type": "contact"},
        "text": "ne zaman gelir",
        "nps": 9,
        "is_name": True,
    }
    assert msgspec.json.decode(body_shown(msgspec.json.encode(body))) == {"body": body}


@pytest.mark.parametrize(
    ("system", "proof"),
    [
        ("zoho_crm", {"token": "hush"}),
        ("email", {"timestamp": "hush", "token": "hush", "signature": "hush"}),
        ("qualtrics", {"HMAC": "hush"}),
    ],
)
def test_what_proves_the_sender_is_masked(system: str, proof: dict[str, str]) -> None:
    for body in (proof, {**proof, "x": "hu"}):
        assert "hush" not in body_shown(msgspec.json.encode(body), system=system)
        assert "hush" not in body_shown(urlencode(body).encode(), FORM, system)
        assert '"hu"' in body_shown(msgspec.json.encode({**body, "x": "hu"}), system=system)


def test_a_secret_is_masked_without_its_mapping_as_well() -> None:
    text = body_shown(b'{"token": "hush", "auth": {"api_key": "hush"}, "x": "seen"}')
    assert "hush" not in text
    assert "seen" in text
