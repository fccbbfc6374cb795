"""Defines a contact: one attempt of a customer to reach the company, of one or more lines.

Detection, KPIs and dashboards share this definition.
"""

from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from pipeline.common.names import folded
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType, Trait, types_with

CONTACT_TYPES = types_with(Trait.CONTACT)
STAFFED_CHANNELS = frozenset(
    map(
        folded,
        msgspec.yaml.decode(
            files(__package__).joinpath("staffed_channels.yaml").read_bytes(), type=list[str]
        ),
    )
)
"""Channels, folded, on which a visit meets staff."""

_ASSISTED = types_with(Trait.ASSISTED)
_WAITS = types_with(Trait.WAITS)
_LINES = types_with(Trait.LINE)
_POLITE = frozenset({"thanks", "praise"})


class Pauses(NamedTuple):
    """Silence on a channel, in microseconds, after which the next line begins a new contact."""

    usual: int = 30 * 60_000_000
    by_channel: Mapping[str, int] = {}

    def of(self, channel: str) -> int:
        """Return the pause of a channel."""
        return self.by_channel.get(channel, self.usual)

    @property
    def longest(self) -> int:
        """The longest pause of any channel."""
        return max(self.usual, *self.by_channel.values(), 0)


PAUSES = Pauses()
"""The default pauses."""


def only_thanks(label: str, intents: Collection[str]) -> bool:
    """Return whether a text only says thank you and asks for nothing."""
    return label == "positive" and "thanks" in intents and _POLITE.issuperset(intents)


def is_contact(type_: str, author_type: str, *, thanks: bool) -> bool:
    """Return whether an event is a line of a contact; `thanks`: its text only says thank you."""
    return type_ in CONTACT_TYPES and author_type == AuthorType.CUSTOMER and not thanks


def is_assisted(type_: str, author_type: str, channel: str, *, thanks: bool) -> bool:
    """Return whether an event is a line of a contact that asks for an employee.

    Opening or reopening a ticket is one whoever records it, since helpdesks do so themselves. So is
    a visit to a place with staff.
    """
    if type_ == EventType.VISIT:
        return folded(channel) in STAFFED_CHANNELS
    asks = type_ in _ASSISTED and author_type == AuthorType.CUSTOMER
    return (asks or type_ in _WAITS) and not thanks


def is_told(type_: str, author_type: str) -> bool:
    """Return whether the text is what a customer said as somebody else recorded it in a ticket."""
    return type_ in _WAITS and author_type != AuthorType.CUSTOMER


def awaits_reply(type_: str, author_type: str, *, thanks: bool) -> bool:
    """Return whether an event is a line of a conversation that needs a reply."""
    return type_ in _LINES and author_type == AuthorType.CUSTOMER and not thanks


def keeps_alive(type_: str, author_type: str) -> bool:
    """Return whether an event continues a conversation without being a contact, as replies do."""
    return type_ in _LINES and author_type != AuthorType.SYSTEM


def topic_of(*names: str) -> str:
    """Return the topic of a contact: the first name that is known, folded; "" if none is."""
    return next(filter(None, map(folded, names)), "")


class Conversation(Protocol):
    """A contact so far."""

    @property
    def at(self) -> int:
        """Time of its last line, in microseconds."""

    @property
    def channel(self) -> str:
        """The channel of its lines."""

    @property
    def ticket_id(self) -> str:
        """The ticket that it belongs to; "" if unknown."""

    @property
    def solved(self) -> bool:
        """Whether it was solved: the next line begins a new contact."""


C = TypeVar("C", bound=Conversation)


def continued(contacts: Sequence[C], at: int, channel: str, ticket_id: str, pause: int) -> C | None:
    """Return the contact that a line continues, None if it begins a new one.

    It is the last contact of the line's ticket, else of its channel, less than a `pause` ago; never
    one of another ticket or one that was solved. `contacts` are ordered by their last lines.
    """
    last_on_channel = None
    for contact in reversed(contacts):
        if at - contact.at >= pause:
            break
        if contact.channel != channel or contact.solved:
            continue
        if contact.ticket_id == ticket_id:
            return contact
        if last_on_channel is None and not (contact.ticket_id and ticket_id):
            last_on_channel = contact
    return last_on_channel
