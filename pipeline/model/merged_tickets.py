"""Tells a ticket that was resolved from one that was closed because another goes on with it.

Detection and the SQL of KPIs share this definition.
"""

import re
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from pipeline.common.names import folded
from pipeline.model.event import Event
from pipeline.model.event_types import EventType


class MergeSigns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`merged_tickets.yaml`: attributes that tell of a merge, and the words of reasons."""

    marks: tuple[str, ...]
    reasons: tuple[str, ...]
    words: str


MERGE_SIGNS = msgspec.yaml.decode(
    files(__package__).joinpath("merged_tickets.yaml").read_bytes(), type=MergeSigns
)
_WORDS = re.compile(MERGE_SIGNS.words, re.DOTALL)
_UNMARKED = (None, "", False, "false", 0)


def type_in_effect(event: Event) -> EventType:
    """Return the type of an event; that of a resolution that is a merge is `ticket.merged`."""
    if event.type is EventType.TICKET_RESOLVED and _tell_of_merge(event.attributes):
        return EventType.TICKET_MERGED
    return event.type


def _tell_of_merge(attributes: Mapping[str, object]) -> bool:
    return any(attributes.get(name) not in _UNMARKED for name in MERGE_SIGNS.marks) or any(
        isinstance(said := attributes.get(name), str) and _WORDS.fullmatch(folded(said))
        for name in MERGE_SIGNS.reasons
    )
