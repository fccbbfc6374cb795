"""A system that a test makes up: its mapping, a connection, and sealed deliveries of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from agents.runtime.messages import Message
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.contracts.topology import RECEIVED

NOON = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEAL = Seal(["a key of a test that is long enough"])
CONNECTIONS = """
connections:
  - {name: desk, system: desk, base_url: "http://127.0.0.1:9"}
"""
MAPPING = """
system: desk
title: {tr: Masa, en: Desk}
transports: [webhook]
settings:
  base_url: {meaning: {tr: Adres, en: Address}}
memories: {ticket: ""}
things:
  - kind: "{body.kind}"
    remember:
      - {kind: ticket, when: body.kind == "ticket", key: "{body.ticket}", value: "{body.customer}"}
    erase: [{when: body.kind == "forget me", customer_id: "{body.customer}"}]
    common: {occurred_at: "{body.at | epoch_s}", channel: web, text: "{body.text}"}
    events:
      - {when: body.kind == "ticket", id: "{body.ticket}", type: ticket.opened,
         customer_id: "{body.customer}", ticket_id: "{body.ticket}"}
      - {when: body.kind == "answer", id: "{body.id}", type: ticket.replied, author_type: agent,
         customer_id: "{body.ticket | recall(ticket)}", ticket_id: "{body.ticket}"}
      - {when: body.kind == "rating", id: "{body.id}", type: survey,
         each: {rating: {fetch: "{connection.base_url}/ratings/{body.id}"}},
         customer_id: "{rating.customer}", text: "{rating.text}"}
"""


def book(folder: Path, connections: str = CONNECTIONS, mapping: str = MAPPING) -> ConnectionBook:
    """Return the connections of a folder, where the system has a fixture of each kind."""
    system = folder / "connectors" / "desk"
    (system / "fixtures").mkdir(parents=True, exist_ok=True)
    (system / "mapping.yaml").write_text(mapping)
    (folder / "connections.yaml").write_text(connections)
    for name, (body, expect, fetches) in FIXTURES.items():
        fixture = {
            "system": "desk",
            "connection": {"auth": "none", "base_url": "http://api"},
            "body": body,
            "fetches": fetches,
            "expect": expect,
        }
        (system / "fixtures" / f"{name}.json").write_bytes(msgspec.json.encode(fixture))
    return ConnectionBook(folder / "connections.yaml", MappingBook(folder / "connectors"))


def ticket(number: int = 7, customer: str = "C-1", **more: Any) -> dict[str, Any]:
    return {"kind": "ticket", "ticket": number, "customer": customer, "at": 1_772_400_000, **more}


def answer(number: int = 1, of: int = 7, **more: Any) -> dict[str, Any]:
    return {"kind": "answer", "id": number, "ticket": of, "at": 1_772_400_100, **more}


def rating(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"kind": "rating", "id": number, "at": 1_772_400_200, **more}


_ONE = {"outcome": "events", "events": [{}]}
_FOUND = [{"url": "http://api/ratings/1", "body": {"customer": "C-1", "text": "iyi"}}]
FIXTURES: dict[str, tuple[Any, dict[str, Any], list[Any]]] = {
    "ticket": (ticket(text="x"), _ONE, []),
    "answer": (answer(text="y"), {"outcome": "refuse"}, []),
    "rating": (rating(), _ONE, _FOUND),
    "erase": ({"kind": "forget me", "customer": "C-1"}, {"outcome": "erase"}, []),
}


def message(
    offset: int, body: Any, connection: str = "desk", received_at: datetime = NOON
) -> Message:
    """Return a message of cx.received with a delivery of a JSON body, or of bytes."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    delivery = Delivery(connection, received_at, content)
    at = received_at + timedelta(milliseconds=1)
    return Message(RECEIVED, 0, offset, connection.encode(), SEAL.sealed(delivery), at, at)
