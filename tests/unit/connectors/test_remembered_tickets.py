"""A delivery that does not say whose ticket it is about is told by what came before."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.connectors.connection import connection_of
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import Draft
from pipeline.connectors.setup.book import read_fixture

FOLDER = Path(__file__).parents[3] / "connectors"


@pytest.mark.parametrize(
    ("system", "first", "then"),
    [
        ("zendesk", "ticket_created_signed", "message_of_unknown_ticket"),
        ("zoho_desk", "ticket_add", "thread_of_agent_unknown_ticket"),
        ("zoho_desk", "ticket_add", "comment_add"),
        ("zoho_desk", "ticket_add_own_number", "thread_of_agent_unknown_ticket"),
        ("intercom", "created_signed", "replied_contact_unknown"),
        ("salesforce", "created", "closed_of_unknown_case"),
        ("salesforce", "created_own_number_two_records", "closed_of_unknown_case"),
        ("freshchat", "message_of_customer_signed", "resolved"),
    ],
)
def test_whose_ticket_it_is_follows_from_what_came_before(
    system: str, first: str, then: str
) -> None:
    known: dict[tuple[str, str], str] = {}

    def drafted(name: str) -> Draft:
        recorded = read_fixture(FOLDER / system / "fixtures" / f"{name}.json")
        settings = {
            name: value
            for name, value in recorded.connection.items()
            if name not in ("ticket_contacts", "case_contacts")
        }
        draft = mapping.map(
            recorded.delivery(datetime(2026, 12, 31, tzinfo=UTC)),
            connection_of(system, system, settings),
            lambda kind, key: known.get((kind, key)),
            {},
        )
        known.update({(memory.kind, memory.key): value for memory, value in draft.remembered})
        return draft

    file = FOLDER / system / "mapping.yaml"
    mapping = Mapping(file, file.read_bytes())

    opened, later = drafted(first).events[0], drafted(then).events[0]

    assert later.customer_id == opened.customer_id
    assert later.ticket_id == opened.ticket_id
