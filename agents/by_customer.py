"""Messages of several topics, sorted to the customers whose states they change."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from agents.messages import Message, demand_place, sift
from agents.states import Place
from pipeline.dead_letter import DeadLetter


class OfCustomer(Protocol):
    """What is about one customer."""

    @property
    def customer_id(self) -> str: ...  # noqa: D102


T = TypeVar("T", bound=OfCustomer)


class Taken(NamedTuple, Generic[T]):
    """What a batch holds."""

    changes: Mapping[Place, Sequence[T]]
    dead: Sequence[DeadLetter]


def by_customer(
    messages: Sequence[Message], readers: Mapping[str, Callable[[Message], T]], partitions: int
) -> Taken[T]:
    """Return what the reader of its topic makes of each message, and what is none of these.

    The topics have so many `partitions`. Raises Halt where customers have moved between them.
    """
    good, dead = sift(messages, lambda message: readers[message.topic](message))
    changes: defaultdict[Place, list[T]] = defaultdict(list)
    for message, change in good:
        demand_place(message, change.customer_id, partitions)
        changes[Place(message.partition, change.customer_id)].append(change)
    return Taken(changes, dead)
