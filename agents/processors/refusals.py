"""Dead letters of deliveries: what was sent, masked, and never in its sealed form."""

from collections.abc import Sequence

import msgspec

from agents.processors.waiting_room import Waiting
from pipeline.common.plain_text import cut
from pipeline.connectors.delivery import Delivery, body_of
from pipeline.contracts.topology import RECEIVED
from pipeline.ingest.privacy import redact, redact_payload
from pipeline.model.dead_letter import KEPT_PAYLOAD, DeadLetter, Invalid

LONGEST_SENTENCE = 1_000


def dead_letter(one: Waiting, delivery: Delivery | None, refusals: Sequence[Invalid]) -> DeadLetter:
    """Return the one dead letter of a delivery, whatever was refused of it.

    `delivery` is None where it cannot be opened.
    """
    sentences = dict.fromkeys(refusal.detail for refusal in refusals)
    return DeadLetter(
        topic=RECEIVED,
        partition=one.partition,
        offset=one.offset,
        reason=refusals[0].reason,
        sentence=cut(redact(" ".join(sentences)), LONGEST_SENTENCE),
        payload=_shown(delivery) if delivery else b"",
        key=one.connection,
        received_at=one.received_at,
    )


def _shown(delivery: Delivery) -> bytes:
    """Return the body for people: below the first level of an object nothing is left unmasked."""
    try:
        body = msgspec.json.encode({"body": body_of(delivery)})
    except (Invalid, ValueError, RecursionError):
        body = delivery.body
    return redact_payload(body[:KEPT_PAYLOAD])
