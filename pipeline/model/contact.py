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
POLITE = frozenset({"thanks", "praise"})
"""Intents that ask for nothing."""


IN_TICKET = 24 * 3_600_000_000
"""Silence in the thread of a ticket, in microseconds, after which a new contact begins."""


class Pauses(NamedTuple):
    """Silence on a channel, in microseconds, after which the next line begins a new contact.

    Channels in `by_channel` are folded.
    """

    usual: int = 30 * 60_000_000
    by_channel: Mapping[str, int] = {}

    def of(self, channel: str) -> int:
        """Return the pause of a channel."""
        return self.by_channel.get(folded(channel), self.usual)

    def in_thread(self, channel: str, ticket_id: str) -> int:
        """Return the pause between two lines of a thread, that of a ticket if it has one."""
        return max(self.of(channel), IN_TICKET) if ticket_id else self.of(channel)

    @property
    def longest(self) -> int:
        """The longest pause of any thread."""
        return max(IN_TICKET, self.usual, *self.by_channel.values())


PAUSES = Pauses()
"""The default pauses."""


def only_thanks(label: str, intents: Collection[str]) -> bool:
    """Return whether a text only says thank you and asks for nothing."""
    return label == "positive" and "thanks" in intents and is_polite(intents)


def is_polite(intents: Collection[str]) -> bool:
    """Return whether a text means nothing but to be polite, if anything."""
    return POLITE.issuperset(intents)


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


def comes_to_customer(type_: str, author_type: str) -> bool:
    """Return whether an event is a visit of the company's to the customer."""
    return type_ == EventType.VISIT and author_type == AuthorType.AGENT


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
        """The channel of its lines, folded."""

    @property
    def ticket_id(self) -> str:
        """The ticket that it belongs to; "" if unknown."""

    @property
    def solved(self) -> bool:
        """Whether it was solved: the next line begins a new contact."""


C = TypeVar("C", bound=Conversation)


def continued(
    contacts: Sequence[C], at: int, type_: str, channel: str, ticket_id: str, pauses: Pauses
) -> C | None:
    """Return the contact that an event continues, None if it begins a new one.

    It is the last contact of its ticket on its channel, else the last of its channel, less than a
    pause ago; never one of another ticket or one that was solved. Within a ticket lines have a
    longer pause; a call is an attempt of its own. `contacts` are ordered by their last lines.
    """
    pause, channel = pauses.of(channel), folded(channel)
    in_ticket = pauses.in_thread(channel, ticket_id) if type_ in _LINES else pause
    last_on_channel = None
    for contact in reversed(contacts):
        silence = at - contact.at
        if silence >= in_ticket:
            break
        if contact.channel != channel or contact.solved:
            continue
        if contact.ticket_id == ticket_id:
            return contact
        if last_on_channel is None and silence < pause and not (contact.ticket_id and ticket_id):
            last_on_channel = contact
    return last_on_channel
