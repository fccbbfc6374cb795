"""Masks deliveries for display."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pipeline.connectors.delivery import Delivery, body_of
from pipeline.connectors.language.path import Path
from pipeline.connectors.mapping import Mapping
from pipeline.ingest.privacy import redact_bytes, redact_payload
from pipeline.ingest.telling_keys import masked_as
from pipeline.model.dead_letter import KEPT_PAYLOAD, Invalid


def shown(delivery: Delivery, mapping: Mapping | None = None) -> bytes:
    """Return the body: below the first level of an object nothing is left unmasked.

    Nor is what the mapping reads to prove who sent it.
    """
    proofs = mapping.gate.proofs if mapping else ()
    try:
        masked = redact_payload(msgspec.json.encode({"body": _without(proofs, _parsed(delivery))}))
    except (ValueError, RecursionError):
        masked = redact_bytes(delivery.body)
    return masked[:KEPT_PAYLOAD]


def _parsed(delivery: Delivery) -> Any:
    """Return the body, JSON also where the headers say otherwise. Raises ValueError."""
    try:
        return body_of(delivery)
    except Invalid:
        return msgspec.json.decode(delivery.body)


def _without(proofs: Iterable[Path], body: Any) -> Any:
    for path in proofs:
        if path.root == "body":
            body = _masked(body, path.keys)
    return body


def _masked(value: Any, keys: Sequence[str]) -> Any:
    """Return a value with what is under the keys masked, in every item of a list."""
    if isinstance(value, list):
        return [_masked(item, keys) for item in value]
    if not keys:
        return None if value is None else masked_as("secret", str(value))
    if not isinstance(value, dict) or keys[0] not in value:
        return value
    return {**value, keys[0]: _masked(value[keys[0]], keys[1:])}
