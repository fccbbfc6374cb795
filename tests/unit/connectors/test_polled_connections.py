"""Connections that are asked: they need nothing of those that send, and take nothing unproved."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.connectors.delivery import Delivery
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.catalogue import has_polls
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.connectors.verify.admission import Unverified, admit

ROOT = Path(__file__).parents[3]
MAPPINGS = MappingBook(ROOT / "connectors")
ENTRIES = {
    "app_store": 'app_id: "1"\nissuer_id: i\nkey_id: k\nprivate_key_file: secret',
    "email": "imap_host: imap.firma.example\nimap_username: u\nimap_password_file: secret",
    "google_business": "locations: [accounts/9/locations/77]",
    "google_play": "package: com.firma\nservice_account_file: secret",
    "hepsiburada": "merchant_id: m\nservice_key_file: secret",
    "trendyol": 'seller_id: "7"\nseller_key_file: secret\nseller_secret_file: secret',
}


def book(folder: Path, system: str, settings: str) -> ConnectionBook:
    (folder / "secret").write_text("a secret")
    lines = ["- name: one", f"  system: {system}", *(f"  {x}" for x in settings.split("\n") if x)]
    file = folder / "connections.yaml"
    file.write_text("\n".join(["pseudonym_key_file: secret", "connections:", *lines]))
    return ConnectionBook(file, MAPPINGS)


def test_every_system_that_is_asked_is_tried() -> None:
    asked = {system for system in MAPPINGS.systems if has_polls(ROOT / "connectors", [system])}
    assert asked == set(ENTRIES)


@pytest.mark.parametrize("system", ENTRIES)
def test_one_that_is_asked_needs_no_secret_of_deliveries_and_takes_none(
    system: str, tmp_path: Path
) -> None:
    found = book(tmp_path, system, ENTRIES[system])
    assert found.errors == []
    connection, mapping = found.connections["one"], MAPPINGS.mapping(system)
    assert mapping.polled(connection)
    request = Delivery("one", datetime(2026, 3, 2, tzinfo=UTC), b"{}")
    for headers in ({}, {"authorization": "Basic Og=="}, {"x-api-key": ""}):
        for url in ("/in/one", "/in/one?token="):
            forged = Delivery("one", request.received_at, b"{}", "POST", url, headers)
            assert isinstance(admit(forged, mapping, connection), Unverified)


@pytest.mark.parametrize("system", ["email", "trendyol"])
def test_one_that_is_not_asked_needs_the_secret_of_its_deliveries(
    system: str, tmp_path: Path
) -> None:
    (error,) = book(tmp_path, system, "").errors
    assert "_file` is missing" in error
