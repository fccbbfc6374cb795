"""Connections that are asked: they need nothing of those that send, and take nothing unproved."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline.connectors.delivery import Delivery
from pipeline.connectors.outcome import Request
from pipeline.connectors.polls.poll import Poll
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.catalogue import has_polls
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.connectors.verify.admission import Accepted, admit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
MAPPINGS = MappingBook(ROOT / "connectors")
ENTRIES = {
    "app_store": 'app_id: "1"\nissuer_id: i\nkey_id: k\nprivate_key_file: secret',
    "email": "imap_host: imap.firma.example\nimap_username: u\nimap_password_file: secret",
    "google_business": "locations: [accounts/9/locations/77]",
    "google_play": "package: com.firma\nservice_account_file: secret",
    "hepsiburada": "merchant_id: m\nservice_key_file: secret",
    "salesforce": "base_url: https://carsim.my.salesforce.com\nobjects: [Case]",
    "trendyol": 'seller_id: "7"\nseller_key_file: secret\nseller_secret_file: secret',
    "zoho_desk": 'base_url: https://desk.zoho.eu\norg_id: "7"\ndepartments: ["9"]',
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
            assert not isinstance(admit(forged, mapping, connection), Accepted)


@pytest.mark.parametrize("system", ["email", "trendyol"])
def test_one_that_is_not_asked_needs_the_secret_of_its_deliveries(
    system: str, tmp_path: Path
) -> None:
    (error,) = book(tmp_path, system, "").errors
    assert "_file` is missing" in error


def requests_of(system: str, settings: str, folder: Path) -> list[Request]:
    """What a connection asks for at first."""
    found, mapping = book(folder, system, settings), MAPPINGS.mapping(system)
    connection = found.connections["one"]
    polls = [(mapping.polls[name], part) for name, part in mapping.polled(connection)]
    return [
        poll.request(poll.question(NOON - timedelta(days=1), connection, part, NOON), connection)
        for poll, part in polls
        if isinstance(poll, Poll)
    ]


def test_salesforce_is_asked_for_each_object_with_the_fields_of_the_company(tmp_path: Path) -> None:
    settings = (
        "base_url: https://carsim.my.salesforce.com\nobjects: [Case, CaseComment]\n"
        "fields: {Case: Musteri_No__c}"
    )
    cases, comments = requests_of("salesforce", settings, tmp_path)
    (asked,) = parse_qs(urlsplit(cases.url).query)["q"]
    assert asked == (
        "SELECT FIELDS(STANDARD), Musteri_No__c FROM Case WHERE SystemModstamp >= "
        "2026-03-01T11:45:00Z AND SystemModstamp < 2026-03-02T12:00:00Z ORDER BY SystemModstamp"
    )
    assert "FROM CaseComment" in parse_qs(urlsplit(comments.url).query)["q"][0]


def test_the_next_records_of_salesforce_are_at_the_address_that_it_gives(tmp_path: Path) -> None:
    found = book(tmp_path, "salesforce", ENTRIES["salesforce"])
    connection, poll = found.connections["one"], MAPPINGS.mapping("salesforce").polls["changes"]
    assert isinstance(poll, Poll)
    question = poll.question(None, connection, "Case", NOON)
    more = {"records": [{}], "done": False, "nextRecordsUrl": "/services/data/v62.0/query/01g-200"}
    following = poll.page(question, more, connection).next
    assert following is not None
    address = "https://carsim.my.salesforce.com/services/data/v62.0/query/01g-200"
    assert poll.request(following, connection).url == address
    assert poll.page(following, {"records": [{}], "done": True}, connection).next is None


def test_zoho_desk_is_asked_for_the_newest_ratings_until_one_is_known(tmp_path: Path) -> None:
    found = book(tmp_path, "zoho_desk", ENTRIES["zoho_desk"])
    connection, poll = found.connections["one"], MAPPINGS.mapping("zoho_desk").polls["happiness"]
    assert isinstance(poll, Poll)
    (request,) = requests_of("zoho_desk", ENTRIES["zoho_desk"], tmp_path)
    assert dict(request.headers)["orgId"] == "7"
    assert parse_qs(urlsplit(request.url).query) == {
        "from": ["0"],
        "limit": ["50"],
        "sortBy": ["-ratedTime"],
        "department": ["9"],
    }
    question = poll.question(NOON - timedelta(days=1), connection, "9", NOON)
    new, old = {"ratedTime": "2026-03-02T11:00:00Z"}, {"ratedTime": "2026-02-20T11:00:00Z"}
    following = poll.page(question, {"data": [new]}, connection).next
    assert following is not None
    assert following.page == 50
    assert poll.page(following, {"data": [new, old]}, connection).next is None
