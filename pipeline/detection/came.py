"""Whether what a customer waits for has come, or is no longer to come as it was promised."""

from collections.abc import Callable, Mapping
from typing import Final

from pipeline.detection.entry import LogEntry
from pipeline.detection.tells import (
    CALLED,
    CALLING,
    HANDS_OVER,
    INTERNAL,
    REFUNDED,
    UNANSWERED,
)
from pipeline.detection.wait import Wait, habit_of
from pipeline.model.contact import comes_to_customer, is_polite
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType, Trait, types_with

ARRIVES: Final = frozenset(
    {EventType.ORDER_DELIVERED, EventType.ORDER_CANCELLED, EventType.ORDER_RETURNED}
)
_SENT: Final = ARRIVES | {EventType.ORDER_SHIPPED}
LINES: Final = types_with(Trait.LINE)
STEPS: Final = types_with(Trait.TICKET)
CLOSES: Final = types_with(Trait.CLOSES)
_SPEAKS: Final = LINES | {EventType.CALL}
_PUTS_OFF: Final = frozenset({"asks_to_wait", "hands_over"})
"""Acts of the company after which the customer still has no answer."""
_NO_HELP: Final = _PUTS_OFF | {"not_understood", "cannot_help", "refuses_person"}
"""Acts of a bot after which the customer has none either."""


def is_ended(wait: Wait, entry: LogEntry) -> bool:
    """Return whether an event ends a wait, or begins it anew; promises in words are left out."""
    if wait.kind == "delivery" and (
        entry.promised_at is not None or entry.type == EventType.ORDER_DELAYED
    ):
        return _is_of_order(wait, entry)
    if wait.kind == "reply" and hands_over(entry):
        return _is_about(wait.entry, entry)
    return has_come(wait, entry)


def has_come(wait: Wait, entry: LogEntry) -> bool:
    """Return whether an event is what a customer waits for, or leaves nothing to wait for."""
    return _COMES[wait.kind](wait, entry)


def hands_over(entry: LogEntry) -> bool:
    """Return whether a bot hands over to a person, for whom the customer waits from then on."""
    return HANDS_OVER in entry.tells and entry.author_type == AuthorType.BOT and entry.type in LINES


def is_work(entry: LogEntry) -> bool:
    """Return whether it shows that an agent works on a ticket, internal notes included."""
    return entry.type in _SPEAKS and entry.author_type == AuthorType.AGENT


def is_same_matter(one: LogEntry, other: LogEntry) -> bool:
    """Return whether nothing shows that events are about different tickets or orders."""
    return not (
        (one.ticket_id and other.ticket_id and one.ticket_id != other.ticket_id)
        or (one.order_id and other.order_id and one.order_id != other.order_id)
    )


def _is_about(began: LogEntry, entry: LogEntry) -> bool:
    """Return whether what is said may be about what began a wait.

    It is of its ticket or order; or, where that is unknown, it comes on the channel, in a call or
    on a ticket. So no advertisement by text message is about what was asked in a chat.
    """
    if not is_same_matter(began, entry):
        return False
    if (began.ticket_id and entry.ticket_id) or (began.order_id and entry.order_id):
        return True
    return entry.channel == began.channel or entry.type in (
        EventType.CALL,
        EventType.TICKET_REPLIED,
    )


def _is_of_order(wait: Wait, entry: LogEntry) -> bool:
    return entry.order_id == wait.key or not wait.entry.order_id


def _closes(began: LogEntry, entry: LogEntry) -> bool:
    """Return whether the ticket of what began a wait is closed, for good or by a merge."""
    return entry.type in CLOSES and entry.ticket_id == began.ticket_id


def _is_delivered(wait: Wait, entry: LogEntry) -> bool:
    return entry.type in ARRIVES and _is_of_order(wait, entry)


def _is_sent(wait: Wait, entry: LogEntry) -> bool:
    return entry.type in _SENT and _is_of_order(wait, entry)


def _is_replied(wait: Wait, entry: LogEntry) -> bool:
    """Return whether an agent answers the customer, on a channel without tickets also a bot."""
    if entry.type in CLOSES:
        return wait.key == (entry.ticket_id or entry.channel)
    if entry.type not in _SPEAKS or not _is_answer(entry):
        return False
    began = wait.entry
    if not began.ticket_id:
        puts_off = _PUTS_OFF if entry.author_type == AuthorType.AGENT else _NO_HELP
        return puts_off.isdisjoint(entry.acts) and _is_about(began, entry)
    return entry.author_type == AuthorType.AGENT and _is_about(began, entry)


def _is_answer(entry: LogEntry) -> bool:
    """Return whether an agent or a bot speaks with the customer."""
    return (
        entry.author_type in (AuthorType.AGENT, AuthorType.BOT)
        and INTERNAL not in entry.tells
        and UNANSWERED not in entry.tells
        and not hands_over(entry)
    )


def _is_next_step(wait: Wait, entry: LogEntry) -> bool:
    return wait.key == entry.ticket_id and (entry.type in STEPS or is_work(entry))


def _is_called_back(wait: Wait, entry: LogEntry) -> bool:
    """Return whether the company comes back to what it said, or the matter is closed.

    The rest of the talk in which it was promised keeps no promise, nor does what is said of another
    matter, or written where the customer does not see it.
    """
    if entry.type == EventType.CALL:
        began = wait.entry
        is_another = began.type != EventType.CALL or entry.at >= wait.talk_ends
        return is_another and _is_call_back(entry) and is_same_matter(began, entry)
    if entry.type in LINES:
        comes_back = entry.author_type == AuthorType.AGENT and INTERNAL not in entry.tells
        return comes_back and entry.at >= wait.talk_ends and _is_about(wait.entry, entry)
    return entry.type in CLOSES and _closes(wait.entry, entry)


def _is_call_back(entry: LogEntry) -> bool:
    """Return whether the company called, were it in vain.

    A call with the customer as its author may be the one that was promised, where nothing tells who
    made it, and the customer is not annoyed and asks for nothing.
    """
    if entry.author_type == AuthorType.AGENT or CALLED in entry.tells:
        return True
    told = CALLING in entry.tells or UNANSWERED in entry.tells
    return not told and entry.label != "negative" and is_polite(entry.intents)


def _is_visited(wait: Wait, entry: LogEntry) -> bool:
    """Return whether somebody came, or what they were to come for is settled."""
    if entry.type == EventType.VISIT:
        comes = comes_to_customer(entry.type, entry.author_type)
        return comes and is_same_matter(wait.entry, entry)
    if entry.type in ARRIVES:
        return bool(entry.order_id) and entry.order_id == wait.entry.order_id
    return entry.type in CLOSES and bool(entry.ticket_id) and _closes(wait.entry, entry)


def _is_refunded(wait: Wait, entry: LogEntry) -> bool:
    goes_back = entry.type == EventType.PAYMENT_REFUNDED or REFUNDED in entry.tells
    return goes_back and is_same_matter(wait.entry, entry)


def _is_done(wait: Wait, entry: LogEntry) -> bool:
    """Return whether a habit no longer needs the look at its silence; a day with a value is due."""
    if wait.due <= entry.at or not entry.amounts:
        return False
    name, _ = habit_of(wait)
    return name in entry.amounts


_COMES: Final[Mapping[str, Callable[[Wait, LogEntry], bool]]] = {
    "delivery": _is_delivered,
    "shipment": _is_sent,
    "callback": _is_called_back,
    "visit": _is_visited,
    "refund": _is_refunded,
    "reply": _is_replied,
    "ticket": _is_next_step,
    "habit": _is_done,
}
