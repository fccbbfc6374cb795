"""How a delivery is split: where parts come from, and when something is asked for."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.language.functions.people import pseudonym
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import Draft, Request
from pipeline.model.dead_letter import Reason

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = """
system: shop
title: {tr: Mağaza, en: Shop}
transports: [webhook]
things:
"""
EVENT = """
    events:
      - {id: "{part.id}", type: message, occurred_at: "{received_at}", channel: web, customer_id: c}
"""


def draft(things: str, body: Any, **settings: Any) -> Draft:
    mapping = Mapping(Path("mapping.yaml"), f"{HEAD}{things}".encode())
    delivery = Delivery("shop", NOW, msgspec.json.encode(body))
    return mapping.map(delivery, Connection("shop", "shop", settings), lambda *_: None, {})


THINGS = (
    """
  - when: body.kind == "order"
    each:
      part:
        fetch: ["{connection.base_url}/orders/{body.id}", "https://api.example/orders/{body.id}"]
        headers: {Authorization: "Bearer {connection.token}"}
"""
    + EVENT
)


@pytest.mark.parametrize(
    ("settings", "request_"),
    [
        ({}, Request("https://api.example/orders/5")),
        (
            {"base_url": "https://eu.example", "token": "t"},
            Request("https://eu.example/orders/5", (("Authorization", "Bearer t"),)),
        ),
    ],
)
def test_what_is_asked_for_follows_from_the_settings(
    settings: dict[str, Any], request_: Request
) -> None:
    assert draft(THINGS, {"id": 5, "kind": "order"}, **settings).wanted == [request_]


def test_nothing_is_asked_for_where_the_thing_is_another() -> None:
    other = draft(THINGS, {"id": 5, "kind": "page"})
    assert other.wanted == []
    assert other.ignored == ["nothing_in_it"]


EMBEDDED = (
    """
  - each: {part: {path: body.order, fetch: "https://api.example/orders/{body.order_id}"}}
"""
    + EVENT
)


def test_only_what_the_delivery_does_not_have_is_asked_for() -> None:
    embedded = draft(EMBEDDED, {"order": {"id": 5}, "order_id": 5})
    assert [event.event_id for event in embedded.events] == ["shop:5"]
    assert draft(EMBEDDED, {"order_id": 5}).wanted == [Request("https://api.example/orders/5")]
    assert draft(EMBEDDED, {}).wanted == []


KINDS = """
  - kind: "{body.kind}"
    common: {id: "{body.id}", occurred_at: "{received_at}", channel: survey, customer_id: c}
    events:
      - {when: body.kind == "rated", type: survey, score: {metric: csat, value: "{body.stars}"}}
      - {when: body.kind == "taken_back", type: survey, revoked: true}
"""


def test_a_kind_that_is_not_mapped_is_counted_one_that_is_missing_is_refused() -> None:
    assert draft(KINDS, {"id": 5, "kind": "moved"}).unmapped == ["moved"]
    refused = draft(KINDS, {"id": 5}).refused
    assert [refusal.reason for refusal in refused] == [Reason.MISSING_FIELD]
    assert "body.kind" in refused[0].detail


def test_an_answer_without_score_and_text_is_none() -> None:
    assert draft(KINDS, {"id": 5, "kind": "rated"}).ignored == ["no_answer"]
    assert draft(KINDS, {"id": 5, "kind": "rated", "stars": 1}).events
    assert draft(KINDS, {"id": 5, "kind": "taken_back"}).events


CHANGES = """
  - each: {change: "body.changes[]"}
    common: {id: "5", type: message, occurred_at: "{received_at}", channel: web, customer_id: c}
    events:
      - {when: change.kind == "edited", revision: "{change.at}", text: "{change.text}"}
      - {when: change.kind == "deleted", revision: "{change.at}", revoked: true}
"""


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("deleted_at", [{"at": 1796284890}, {"at": 1796284891}])
def test_what_is_taken_back_is_not_there_whatever_was_edited_in_that_second(
    order: int, deleted_at: dict[str, int]
) -> None:
    edit = {"kind": "edited", "at": 1796284890, "text": "Ara beni"}
    delete = {"kind": "deleted", **deleted_at}
    (left,) = draft(CHANGES, {"changes": [edit, delete][::order]}).events
    assert (left.revoked, left.text) == (True, None)
    alone = [draft(CHANGES, {"changes": [change]}).events[0] for change in (edit, delete)]
    assert alone[0].revision < alone[1].revision


def test_what_nothing_counts_is_taken_back_by_a_revision_as_well() -> None:
    (event,) = draft(CHANGES, {"changes": [{"kind": "deleted"}]}).events
    assert (event.revoked, event.revision) == (True, 1)


PHONES = {
    "905321112233": ["0532 111 22 33", "(0532) 111-22-33", "90 532 1112233", "wa:905321112233"],
    "902124445566": ["0212 444 55 66", "(0212) 444 55 66", "02124445566", "0 212 444 55 66"],
}


@pytest.mark.parametrize(("digits", "phone"), [(d, p) for d, ps in PHONES.items() for p in ps])
def test_a_phone_number_is_no_id_however_it_is_written(digits: str, phone: str) -> None:
    things = KINDS.replace("customer_id: c", 'customer_id: "{body.phone}"')
    things = things.replace('id: "{body.id}"', 'id: "{body.phone}-1"', 1)
    body = {"kind": "rated", "stars": 1, "phone": phone}
    (event,) = draft(things, body, pseudonym_key="k").events
    assert event.customer_id == pseudonym(digits, pseudonym_key="k")
    assert re.fullmatch("shop:[0-9a-f]{64}", event.event_id)
    assert [refusal.reason for refusal in draft(things, body).refused] == [Reason.WRONG_TYPE]


@pytest.mark.parametrize("number", ["5321112233", "512340000000390015", "S-0532", "053211122334"])
def test_a_number_of_something_else_stays(number: str) -> None:
    things = KINDS.replace("customer_id: c", 'customer_id: "{body.number}"')
    (event,) = draft(things, {"id": 5, "kind": "rated", "stars": 1, "number": number}).events
    assert event.customer_id == number
