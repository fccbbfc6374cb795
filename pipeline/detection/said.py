"""What a customer said before a score: the proof of one that comes without a reason."""

from collections.abc import Sequence

import msgspec

from pipeline.detection.entry import DAY, EvidenceRef, LogEntry
from pipeline.model.contact import topic_of

SAID = 8
"""Maximum number of remembered texts."""
SPOKEN_OF = 14 * DAY
"""For how long a score may speak of them, in microseconds."""


class Said(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A text of the customer that does not praise, and what it was about ("" if unknown)."""

    at: int
    mark: EvidenceRef
    is_negative: bool
    ticket_id: str
    order_id: str
    topic: str

    @property
    def subject(self) -> tuple[str, str, str]:
        """Ticket, order and topic."""
        return self.ticket_id, self.order_id, self.topic


def remembering(said: tuple[Said, ...], entry: LogEntry, at: int) -> tuple[Said, ...]:
    """Return the texts with that of an event; of one subject the last, a negative one if any."""
    if not entry.label or not entry.spans[0].end:
        return said
    new = Said(
        at,
        entry.mark(),
        entry.label == "negative",
        entry.ticket_id,
        entry.order_id,
        topic_of(entry.touchpoint, entry.product),
    )
    kept = [one for one in said if at - one.at <= SPOKEN_OF]
    same = [one for one in kept if one.subject == new.subject]
    if any(one.is_negative for one in same) and not new.is_negative:
        return tuple(kept)
    kept = [*(one for one in kept if one not in same), new]
    if len(kept) > SAID:
        kept.remove(min(kept, key=lambda one: (one.is_negative, one.at)))
    return tuple(kept)


def reason_of_score(said: Sequence[Said], score: LogEntry, at: int) -> tuple[EvidenceRef, ...]:
    """Return the text of the last 14 days, if any, that an event's low score most likely speaks of.

    That of the same ticket, else order, else topic, else the last negative one.
    """
    if score.score is None or score.good_score:
        return ()
    topic = topic_of(score.touchpoint, score.product)
    recent = [one for one in said if at - one.at <= SPOKEN_OF]
    for candidates in (
        [one for one in recent if score.ticket_id and one.ticket_id == score.ticket_id],
        [one for one in recent if score.order_id and one.order_id == score.order_id],
        [one for one in recent if topic and one.topic == topic],
        [one for one in recent if one.is_negative],
    ):
        if candidates:
            return (max(candidates, key=lambda one: (one.is_negative, one.at)).mark,)
    return ()
