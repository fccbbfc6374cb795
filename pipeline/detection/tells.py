"""What attributes with a meaning, and the plain form of a line, tell of an event."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import msgspec

from pipeline.common.names import folded
from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType, Trait, types_with

INTERNAL: Final = "internal"
"""A note that the customer does not see."""
HANDS_OVER: Final = "handoff"
"""The bot hands over to a person."""
REFUNDED: Final = "refunded"
"""The money went back."""
CALLED: Final = "out"
"""The company made the call."""
CALLING: Final = "in"
"""The customer made the call."""
UNANSWERED: Final = "unanswered"
"""Nobody took the call."""
ASKS: Final = "asks"
"""A line of the customer's with a question mark."""
NOTES: Final = "notes"
"""A line of the customer's that only takes note, or says goodbye."""

_FLAGS: Final = {"internal": INTERNAL, "handoff": HANDS_OVER, "refunded": REFUNDED}
_DIRECTIONS: Final = {"in": CALLING, "out": CALLED}
_UNANSWERED: Final = frozenset({"missed", "busy", "failed", "voicemail"})
_LINES: Final = types_with(Trait.LINE)
_SHORT: Final = 80
"""Characters of the longest line that is looked at for whether it only takes note."""
_WORD: Final = re.compile(r"[\w']+")
_ACKNOWLEDGES: Final = frozenset(
    word
    for words in msgspec.yaml.decode(
        files(__package__).joinpath("acknowledgements.yaml").read_bytes(),
        type=dict[str, list[str]],
    ).values()
    for word in words
)


def tells_of(event: Event) -> tuple[str, ...]:
    """Return what an event tells beside its type."""
    if not event.attributes and not event.text:
        return ()
    return tuple(_tells(event))


def _tells(event: Event) -> Iterator[str]:
    attributes = event.attributes
    for name, tell in _FLAGS.items():
        if attributes.get(name) is True:
            yield tell
    if event.type is EventType.CALL:
        if direction := _DIRECTIONS.get(str(attributes.get("direction"))):
            yield direction
        if attributes.get("outcome") in _UNANSWERED:
            yield UNANSWERED
    elif event.text and event.author_type is AuthorType.CUSTOMER and event.type in _LINES:
        if "?" in event.text:
            yield ASKS
        elif only_notes(event.text):
            yield NOTES


def only_notes(text: str) -> bool:
    """Return whether a line only takes note of what was said, or says goodbye."""
    if len(text) > _SHORT:
        return False
    words = _WORD.findall(folded(text))
    return bool(words) and _ACKNOWLEDGES.issuperset(words)
