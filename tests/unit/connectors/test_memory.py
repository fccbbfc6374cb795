"""What a mapping remembers, and which memory a delivery that could not be mapped has missed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import Draft, Memory, Remembered
from pipeline.model.dead_letter import Reason

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MAPPING = b"""
system: desk
title: {tr: Masa, en: Desk}
transports: [webhook]
memories: {ticket: ""}
things:
  - each: {ticket: "body.answered[]", owner: {path: "ticket | recall(ticket)", missing: "nobody"}}
    events:
      - {id: "{ticket}", type: message, occurred_at: "{received_at}", channel: chat,
         customer_id: "{owner}"}
  - when: body.id != null
    remember: [{kind: ticket, key: "{body.ticket}", value: "{body.owner}"}]
    erase: [{customer_id: "{body.erase}"}]
    events:
      - {id: "{body.id}", type: message, occurred_at: "{received_at}", channel: chat,
         text: "{body.text}", customer_id: ["{body.owner}", "{body.ticket | recall(ticket)}"]}
"""


def draft(body: dict[str, Any], known: dict[Memory, str] | None = None, **settings: Any) -> Draft:
    mapping = Mapping(Path("mapping.yaml"), MAPPING)
    delivery = Delivery("desk", NOW, msgspec.json.encode(body))

    def recall(kind: str, key: str) -> str | None:
        return (known or {}).get(Memory(kind, key))

    return mapping.map(delivery, Connection("desk", "desk", settings), recall, {})


def test_a_delivery_without_its_customer_says_which_memory_it_missed() -> None:
    lacking = draft({"id": 1, "ticket": 7})
    assert [refusal.reason for refusal in lacking.refused] == [Reason.MISSING_FIELD]
    assert lacking.missed == (Memory("ticket", "7"),)


def test_a_name_that_must_be_there_says_which_memory_it_missed() -> None:
    assert draft({"answered": [9]}).missed == (Memory("ticket", "9"),)


def test_with_the_memory_the_same_delivery_is_an_event() -> None:
    found = draft({"id": 1, "ticket": 7}, {Memory("ticket", "7"): "C-1"})
    assert [event.customer_id for event in found.events] == ["C-1"]
    assert found.missed == ()


def test_a_memory_that_nothing_needed_is_not_missed() -> None:
    found = draft({"id": 1, "ticket": 7, "owner": "C-1", "text": {"no": "text"}})
    assert [refusal.reason for refusal in found.refused] == [Reason.WRONG_TYPE]
    assert found.missed == ()


@pytest.mark.parametrize("address", ["ayse@example.com", "05321112233", "00905321112233"])
def test_the_address_of_a_person_is_remembered_as_its_hash(address: str) -> None:
    body = {"id": 1, "ticket": 7, "owner": address, "erase": address}
    found = draft(body, pseudonym_key="k")
    assert found.erased == [found.events[0].customer_id]
    (remembered,) = found.remembered
    assert remembered == Remembered(Memory("ticket", "7"), found.events[0].customer_id)
    assert address not in remembered.value


def test_the_address_of_a_person_is_not_remembered_without_a_key_for_its_hash() -> None:
    found = draft({"id": 1, "ticket": 7, "owner": "ayse@example.com"})
    assert not found.remembered
    assert {refusal.reason for refusal in found.refused} == {Reason.WRONG_TYPE}
