"""What came before a score, said or suffered: the proof of one that comes without a reason."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from pipeline.common.letters import letters_of
from pipeline.common.sentences import says_something
from pipeline.common.titles import Titles
from pipeline.detection.entry import DAY, LogEntry
from pipeline.detection.spans import EvidenceRef
from pipeline.model.contact import is_polite, topic_of
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType, Trait, types_with

SAID = 8
"""Maximum number of remembered texts."""
SPOKEN_OF = 14 * DAY
"""For how long a score may speak of what it does not name, in microseconds."""
NEGATIVE = 2
"""Weight of a negative text."""
MISHAP = -1
"""Weight of what befell the customer: it is cited where nothing was said."""


class _Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers without a reason, and names of mishaps by type of event; the file explains them."""

    no_comment: list[str]
    mishaps: dict[str, Titles]


_LEXICON: Final = msgspec.yaml.decode(
    Path(__file__).with_name("said.yaml").read_bytes(), type=_Lexicon
)
_NO_COMMENT: Final = re.compile("|".join(_LEXICON.no_comment))
_WORD: Final = re.compile(r"\w")
MISHAPS: Final = _LEXICON.mishaps
_WORDS = types_with(Trait.WORDS)


class Said(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A text of the customer that does not praise, and what it was about ("" if unknown).

    `weight` is `NEGATIVE` for a negative text, else 0, and 1 more if it has three words. Of a
    mishap, an event without words, it is `MISHAP`, and `mishap` is the type.
    """

    at: int
    mark: EvidenceRef
    weight: int
    ticket_id: str
    order_id: str
    topic: str
    # Texts of older versions end here: later fields need a default.
    mishap: str = ""

    @property
    def subject(self) -> tuple[str, str, str]:
        """Ticket, order and topic."""
        return self.ticket_id, self.order_id, self.topic

    @property
    def rank(self) -> tuple[int, int]:
        """Of two texts the weightier tells more, of two as weighty the later."""
        return self.weight, self.at


def says_why(entry: LogEntry) -> bool:
    """Return whether the words with a score give a reason: three words, or a complaint."""
    quote = entry.spans[0].quote
    if _says_nothing(quote):
        return False
    names = entry.negative_topics or not is_polite(entry.intents)
    return bool(names) or says_something(quote, (0, len(quote)))


def remembering(
    said: tuple[Said, ...], entry: LogEntry, at: int, promised: Mapping[str, int]
) -> tuple[Said, ...]:
    """Return the texts and mishaps with that of an event; of one subject what tells most.

    `promised` are the promised delivery times of orders.
    """
    if entry.type in MISHAPS:
        if not _is_mishap(entry, promised):
            return said
        mark, weight, mishap = EvidenceRef(entry.event_id, 0, 0), MISHAP, entry.type
    else:
        telling = entry.spans[0]
        if not (entry.label and telling.end and entry.type in _WORDS):
            return said
        if _says_nothing(telling.quote):
            return said
        mark, mishap = entry.mark(), ""
        weight = NEGATIVE * (entry.label == "negative") + says_something(
            telling.quote, (0, len(telling.quote))
        )
    topic = topic_of(entry.touchpoint, entry.product)
    new = Said(at, mark, weight, entry.ticket_id, entry.order_id, topic, mishap)
    kept = {one.subject: one for one in said if _is_recent(one, at) or _may_be_named(one)}
    if new.subject not in kept or new.rank >= kept[new.subject].rank:
        kept[new.subject] = new
    if len(kept) > SAID:
        del kept[min(kept.values(), key=lambda one: (_is_recent(one, at), one.rank)).subject]
    return tuple(kept.values())


def reason_of_score(said: Sequence[Said], score: LogEntry, at: int) -> Said | None:
    """Return what a low score most likely speaks of: the text or mishap of its ticket, else order.

    Else of the last 14 days the text of the same topic, the last negative one, the last mishap.
    """
    if score.score is None or score.good_score:
        return None
    topic = topic_of(score.touchpoint, score.product)
    said = [one for one in said if one.mark.event_id != score.event_id]
    recent = [one for one in said if _is_recent(one, at)]
    for candidates in (
        [one for one in said if score.ticket_id and one.ticket_id == score.ticket_id],
        [one for one in said if score.order_id and one.order_id == score.order_id],
        [one for one in recent if topic and one.topic == topic],
        [one for one in recent if one.weight >= NEGATIVE],
        [one for one in recent if one.mishap],
    ):
        if candidates:
            return max(candidates, key=lambda one: one.rank)
    return None


def _says_nothing(quote: str) -> bool:
    return not _WORD.search(quote) or _NO_COMMENT.fullmatch(letters_of(quote)) is not None


def _is_recent(one: Said, at: int) -> bool:
    return at - one.at <= SPOKEN_OF


def _may_be_named(one: Said) -> bool:
    return bool(one.ticket_id or one.order_id)


def _is_mishap(entry: LogEntry, promised: Mapping[str, int]) -> bool:
    """Return whether something went wrong that was not the customer's own doing."""
    if entry.type == EventType.ORDER_DELIVERED:
        due = entry.promised_at or promised.get(entry.order_id)
        return due is not None and entry.at > due
    return entry.author_type != AuthorType.CUSTOMER
