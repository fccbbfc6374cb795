"""What a contact is: one attempt of a customer to reach the company, in however many lines.

Detection, the KPIs and the dashboards count by this one definition.
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
"""Channels, folded, by which a visit is one to a place with staff."""

_ASSISTED = types_with(Trait.ASSISTED)
_WAITS = types_with(Trait.WAITS)
_LINES = types_with(Trait.LINE)
_POLITE = frozenset({"thanks", "praise"})


class Pauses(NamedTuple):
    """How long a channel is silent, in microseconds, until the next line is another contact."""

    usual: int = 30 * 60_000_000
    by_channel: Mapping[str, int] = {}

    def of(self, channel: str) -> int:
        """Return the pause of a channel."""
        return self.by_channel.get(channel, self.usual)

    @property
    def longest(self) -> int:
        """The longest of all."""
        return max(self.usual, *self.by_channel.values(), 0)


PAUSES = Pauses()
"""Those that hold where nothing else is set."""


def only_thanks(label: str, intents: Collection[str]) -> bool:
    """Whether a text says thank you and asks nothing."""
    return label == "positive" and "thanks" in intents and _POLITE.issuperset(intents)


def is_contact(type_: str, author_type: str, *, thanks: bool) -> bool:
    """Whether an event is a line of a contact; `thanks`: its text is only that."""
    return type_ in CONTACT_TYPES and author_type == AuthorType.CUSTOMER and not thanks


def is_assisted(type_: str, author_type: str, channel: str, *, thanks: bool) -> bool:
    """Whether an event is a line of a contact that asks for a person of the company.

    A ticket that is opened or reopened is, whoever writes it: helpdesks do so themselves. So is a
    visit to a place with staff.
    """
    if type_ == EventType.VISIT:
        return folded(channel) in STAFFED_CHANNELS
    asks = type_ in _ASSISTED and author_type == AuthorType.CUSTOMER
    return (asks or type_ in _WAITS) and not thanks


def awaits_reply(type_: str, author_type: str, *, thanks: bool) -> bool:
    """Whether an event is a line of a conversation by which the customer asks something."""
    return type_ in _LINES and author_type == AuthorType.CUSTOMER and not thanks


def keeps_alive(type_: str, author_type: str) -> bool:
    """Whether an event goes on with a conversation, though it is no contact: answers do."""
    return type_ in _LINES and author_type != AuthorType.SYSTEM


class Conversation(Protocol):
    """A contact so far."""

    @property
    def at(self) -> int:
        """When its last line came, in microseconds."""

    @property
    def channel(self) -> str:
        """Where it is held."""

    @property
    def ticket_id(self) -> str:
        """Which conversation it is; "" if that is not known."""

    @property
    def solved(self) -> bool:
        """Whether it was brought to an end: the next line is another contact."""


C = TypeVar("C", bound=Conversation)


def continued(contacts: Sequence[C], at: int, channel: str, ticket_id: str, pause: int) -> C | None:
    """Return the contact that a line goes on with, None where it begins another.

    That is the last of its ticket, else of its channel, less than a `pause` ago; not one of another
    ticket, and not one that was solved. `contacts` are in the order of their last lines.
    """
    found = None
    for contact in reversed(contacts):
        if at - contact.at >= pause:
            break
        if contact.channel != channel or contact.solved:
            continue
        if contact.ticket_id == ticket_id:
            return contact
        if found is None and not (contact.ticket_id and ticket_id):
            found = contact
    return found
