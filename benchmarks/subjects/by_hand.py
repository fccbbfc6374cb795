"""Hand-written code as a company would have it, for the commonest delivery of seven systems.

The envelopes are checked like those of mappings, and equal to them.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from benchmarks.subjects.work import Incoming, Outgoing
from pipeline.config.settings import Settings as AllSettings
from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.language.functions.markup import html_text
from pipeline.connectors.language.functions.texts import own_words
from pipeline.connectors.sealing import open_seal
from pipeline.connectors.setup.connections import open_connections
from pipeline.ingest.decode import decode_event, encode_event
from pipeline.model.event import Event

Envelope = dict[str, Any]
Settings = Mapping[str, Any]

_DECODER: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


def whatsapp(body: Any, headers: Mapping[str, str], settings: Settings) -> Iterator[Envelope]:  # noqa: ARG001
    """Yield the messages of customers."""
    for entry in body["entry"]:
        for change in entry["changes"]:
            for message in change["value"].get("messages", ()):
                if user := message.get("from_user_id"):
                    customer = f"whatsapp:{user}"
                else:
                    customer = _pseudonym(message["from"], settings)
                yield {
                    "event_id": f"whatsapp:{message['id']}",
                    "occurred_at": _at(message["timestamp"]),
                    "customer_id": customer,
                    "channel": "whatsapp",
                    "type": "message",
                    "text": message["text"]["body"],
                    "attributes": {"content": "text"},
                }


def zendesk(body: Any, headers: Mapping[str, str], settings: Settings) -> Iterator[Envelope]:  # noqa: ARG001
    """Yield a comment."""
    ticket, comment = body["detail"], body["event"]["comment"]
    envelope = {
        "event_id": f"zendesk:comment:{comment['id']}",
        "occurred_at": datetime.fromisoformat(f"{body['time'][:26]}+00:00"),
        "customer_id": f"zendesk:{ticket['requester_id']}",
        "ticket_id": f"zendesk:{ticket['id']}",
        "channel": {"email": "email", "voice": "call"}.get(ticket["via"]["channel"], "chat"),
        "type": "ticket.replied",
        "text": own_words(comment["body"]),
    }
    envelope["author_type"] = "agent" if comment["author"]["is_staff"] else "customer"
    if not comment["is_public"]:
        envelope["attributes"] = {"internal": True}
    yield envelope


def intercom(body: Any, headers: Mapping[str, str], settings: Settings) -> Iterator[Envelope]:  # noqa: ARG001
    """Yield what a customer said."""
    item = body["data"]["item"]
    contact = item["contacts"]["contacts"][0]
    for part in item["conversation_parts"]["conversation_parts"]:
        text = html_text(part["body"])
        yield {
            "event_id": f"intercom:part:{part['id']}",
            "revision": part["updated_at"],
            "occurred_at": _at(part["created_at"]),
            "customer_id": contact.get("external_id") or f"intercom:{contact['id']}",
            "ticket_id": f"intercom:{item['id']}",
            "channel": {"conversation": "chat", "push": "app"}.get(item["source"]["type"], "email"),
            "type": "message" if part["author"]["type"] == "user" else "ticket.replied",
            "author_type": "customer" if part["author"]["type"] == "user" else "agent",
            "text": text and own_words(text),
        }


def shopify(body: Any, headers: Mapping[str, str], settings: Settings) -> Iterator[Envelope]:
    """Yield a placed order."""
    if headers["x-shopify-topic"] == "orders/create" and not body["test"]:
        yield {
            "event_id": f"shopify:{body['id']}:placed",
            "occurred_at": body["created_at"],
            "customer_id": str(body["customer"]["id"]),
            "channel": "web",
            "type": "order.placed",
            "order_id": str(body["id"]),
            "product": ", ".join(item["title"] for item in body["line_items"]),
            "brand": settings["brand"],
            "attributes": {
                "order_name": body["name"],
                "amount": float(body["total_price"]),
                "currency": body["currency"],
            },
        }


def chatwoot(body: Any, headers: Mapping[str, str], settings: Settings) -> Iterator[Envelope]:  # noqa: ARG001
    """Yield what a customer said."""
    conversation = body["conversation"]
    contact = conversation["meta"]["sender"]
    if body["event"] == "message_created" and body["message_type"] == "incoming":
        text = html_text(body["content"])
        yield {
            "event_id": f"chatwoot:message:{body['id']}",
            "occurred_at": body["created_at"],
            "customer_id": contact.get("identifier") or f"chatwoot:{contact['id']}",
            "ticket_id": f"chatwoot:{conversation['id']}",
            "channel": "email" if conversation["channel"] == "Channel::Email" else "chat",
            "type": "message",
            "text": text and own_words(text),
        }


def telegram(body: Any, headers: Mapping[str, str], settings: Settings) -> Iterator[Envelope]:  # noqa: ARG001
    """Yield what a customer said."""
    if message := body.get("message"):
        yield {
            "event_id": f"telegram:{message['chat']['id']}:{message['message_id']}",
            "occurred_at": _at(message["date"]),
            "customer_id": f"telegram:{message['from']['id']}",
            "channel": "telegram",
            "type": "message",
            "text": message.get("text"),
        }


def twilio(body: Any, headers: Mapping[str, str], settings: Settings) -> Iterator[Envelope]:  # noqa: ARG001
    """Yield a call that has ended."""
    outcomes = {"completed": "answered", "busy": "busy", "no-answer": "missed", "failed": "failed"}
    fields = dict(parse_qsl(body.decode()))
    if outcome := outcomes.get(fields["CallStatus"]):
        incoming = fields["Direction"] == "inbound"
        yield {
            "event_id": f"twilio:{fields['CallSid']}",
            "occurred_at": parsedate_to_datetime(fields["Timestamp"]),
            "customer_id": _pseudonym(fields["From" if incoming else "To"][1:], settings),
            "channel": "call",
            "type": "call",
            "attributes": {
                "direction": "in" if incoming else "out",
                "outcome": outcome,
                "duration_s": float(fields["CallDuration"]),
            },
        }


MAPPERS: Mapping[str, Callable[[Any, Mapping[str, str], Settings], Iterable[Envelope]]] = {
    mapper.__name__: mapper
    for mapper in (whatsapp, zendesk, intercom, shopify, chatwoot, telegram, twilio)
}
"""The functions by system."""


def events_of(delivery: Delivery, connection: Connection) -> Iterator[Event]:
    """Yield the events of a delivery. Raises Invalid where an envelope is wrong."""
    form = connection.system == "twilio"
    body = delivery.body if form else _DECODER.decode(delivery.body)
    map_ = MAPPERS[connection.system]
    for envelope in map_(body, delivery.headers, connection.settings):
        given = _ENCODER.encode({**envelope, "source": connection.system})
        key = envelope["customer_id"].encode()
        yield decode_event(given, key, now=delivery.received_at)


class Translate:
    """Opens deliveries and maps them, as `translate` does."""

    def __init__(self, settings: AllSettings) -> None:
        self._seal = open_seal(settings)
        self._connections = open_connections(settings.connectors).connections

    def __call__(self, messages: Sequence[Incoming]) -> list[Outgoing]:
        """Return the messages of events."""
        return [
            Outgoing(event.type.topic, event.customer_id.encode(), encode_event(event))
            for message in messages
            for delivery in (self._seal.opened(message.value),)
            for event in events_of(delivery, self._connections[delivery.connection])
        ]


def _at(seconds: int | str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _pseudonym(address: str, settings: Settings) -> str:
    """Return the keyed hash of a phone number, which these systems write as digits."""
    return hmac.digest(settings["pseudonym_key"].encode(), address.encode(), "sha256").hex()
