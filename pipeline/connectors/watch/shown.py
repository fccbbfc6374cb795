"""Masks deliveries for display."""

import msgspec

from pipeline.connectors.delivery import Delivery, body_of
from pipeline.ingest.privacy import redact_payload
from pipeline.model.dead_letter import KEPT_PAYLOAD, Invalid


def shown(delivery: Delivery) -> bytes:
    """Return the body, with everything below the first level of an object masked."""
    try:
        body = msgspec.json.encode({"body": body_of(delivery)})
    except (Invalid, ValueError, RecursionError):
        body = delivery.body
    return redact_payload(body[:KEPT_PAYLOAD])
