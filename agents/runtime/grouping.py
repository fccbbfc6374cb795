"""Groups messages of several topics by the customer whose state they change."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from agents.runtime.messages import Message, decode_batch, require_partition
from agents.runtime.state_store import StateKey
from pipeline.model.dead_letter import DeadLetter


class OfCustomer(Protocol):
    """The messages about one customer."""

    @property
    def customer_id(self) -> str: ...  # noqa: D102


T = TypeVar("T", bound=OfCustomer)


class Grouped(NamedTuple, Generic[T]):
    """A batch by customer; `dead` are messages that could not be decoded."""

    changes: Mapping[StateKey, Sequence[T]]
    dead: Sequence[DeadLetter]


def group_by_customer(
    messages: Sequence[Message], readers: Mapping[str, Callable[[Message], T]], partitions: int
) -> Grouped[T]:
    """Decode each message with the reader of its topic, and group the results by customer.

    `partitions` is the number of partitions of each topic. Raises Halt if customers have moved
    between them.
    """
    good, dead = decode_batch(messages, lambda message: readers[message.topic](message))
    changes: defaultdict[StateKey, list[T]] = defaultdict(list)
    for message, change in good:
        require_partition(message, change.customer_id, partitions)
        changes[StateKey(message.partition, change.customer_id)].append(change)
    return Grouped(changes, dead)
