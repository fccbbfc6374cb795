"""What a customer said before a score: the proof of one that comes without a reason."""

from collections.abc import Sequence

import msgspec

from pipeline.common.sentences import says_something
from pipeline.detection.entry import DAY, LogEntry
from pipeline.detection.spans import EvidenceRef
from pipeline.model.contact import topic_of
from pipeline.model.event_types import Trait, types_with

SAID = 8
"""Maximum number of remembered texts."""
SPOKEN_OF = 14 * DAY
"""For how long a score may speak of them, in microseconds."""
NEGATIVE = 2
"""Weight of a negative text."""

_WORDS = types_with(Trait.WORDS)


class Said(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A text of the customer that does not praise, and what it was about ("" if unknown).

    `weight` is `NEGATIVE` for a negative text, else 0, and 1 more if it has three words.
    """

    at: int
    mark: EvidenceRef
    weight: int
    ticket_id: str
    order_id: str
    topic: str

    @property
    def subject(self) -> tuple[str, str, str]:
        """Ticket, order and topic."""
        return self.ticket_id, self.order_id, self.topic

    @property
    def rank(self) -> tuple[int, int]:
        """Of two texts the weightier tells more, of two as weighty the later."""
        return self.weight, self.at


def remembering(said: tuple[Said, ...], entry: LogEntry, at: int) -> tuple[Said, ...]:
    """Return the texts with that of an event; of one subject the one that tells most."""
    telling = entry.spans[0]
    if not (entry.label and telling.end and entry.type in _WORDS):
        return said
    new = Said(
        at,
        entry.mark(),
        NEGATIVE * (entry.label == "negative")
        + says_something(telling.quote, (0, len(telling.quote))),
        entry.ticket_id,
        entry.order_id,
        topic_of(entry.touchpoint, entry.product),
    )
    kept = {one.subject: one for one in said if at - one.at <= SPOKEN_OF}
    if new.subject not in kept or new.rank >= kept[new.subject].rank:
        kept[new.subject] = new
    if len(kept) > SAID:
        del kept[min(kept.values(), key=lambda one: one.rank).subject]
    return tuple(kept.values())


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
        [one for one in recent if one.weight >= NEGATIVE],
    ):
        if candidates:
            return (max(candidates, key=lambda one: one.rank).mark,)
    return ()
