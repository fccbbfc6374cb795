"""Dead letters of deliveries: the body masked, and never in its sealed form."""

from collections.abc import Sequence

from agents.processors.waiting_room import Waiting
from pipeline.common.plain_text import cut
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.watch.shown import shown
from pipeline.contracts.topology import RECEIVED
from pipeline.ingest.privacy import redact
from pipeline.model.dead_letter import DeadLetter, Invalid

LONGEST_SENTENCE = 1_000


def dead_letter(
    one: Waiting,
    delivery: Delivery | None,
    refusals: Sequence[Invalid],
    mapping: Mapping | None = None,
) -> DeadLetter:
    """Return the single dead letter of a delivery, for all its refused parts.

    `delivery` is None where it cannot be opened, `mapping` where none is in force.
    """
    sentences = dict.fromkeys(refusal.detail for refusal in refusals)
    return DeadLetter(
        topic=RECEIVED,
        partition=one.partition,
        offset=one.offset,
        reason=refusals[0].reason,
        sentence=cut(redact(" ".join(sentences)), LONGEST_SENTENCE),
        payload=shown(delivery, mapping) if delivery else b"",
        key=one.connection,
        received_at=one.received_at,
    )
