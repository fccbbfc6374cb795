"""What leaving is. Detection and the measures of risk share this definition."""

import re
from importlib.resources import files

import msgspec

from pipeline.common.plain_text import bare
from pipeline.model.event import Event
from pipeline.model.event_types import EventType, Trait, types_with

PRODUCTS = 20
"""Maximum number of remembered products of a customer, the last ones."""

_STAYS = types_with(Trait.STAYS)
_LEAVES = types_with(Trait.LEAVES)
_BETWEEN = re.compile(r"[\s_-]+")
_PHRASES = msgspec.yaml.decode(
    files(__package__).joinpath("leaving.yaml").read_bytes(), type=dict[str, list[str]]
)["no_leaving"]
_NO_LEAVING = re.compile(rf"(?<!not )(?<!never )\b(?:{'|'.join(map(re.escape, _PHRASES))})")


class Standing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The products that a customer is known to subscribe to, "" if unnamed.

    `gone`: the customer has left, until a subscription starts or is renewed.
    """

    held: tuple[str, ...] = ()
    gone: bool = False


def standing_after(before: Standing, type_: str, product: str, *, excused: bool) -> Standing:
    """Return the standing after an event.

    Leaving is the end of the account or of the last known subscription, whoever records it, unless
    it is `excused`. What ends after that is the same leaving.
    """
    others = tuple(held for held in before.held if held != product)
    if type_ in _STAYS:
        return Standing((*others[1 - PRODUCTS :], product))
    if type_ not in _LEAVES:
        return before
    if excused:
        return Standing(others if product else before.held, before.gone)
    goes_on = bool(product) and type_ != EventType.ACCOUNT_CLOSED
    left = tuple(held for held in others if held) if goes_on else ()
    return Standing(left, before.gone or not left)


def is_excused(event: Event) -> bool:
    """Return whether the reason of an end says that the customer does not leave."""
    reason = event.attributes.get("reason")
    return (
        event.type in _LEAVES
        and isinstance(reason, str)
        and bool(_NO_LEAVING.search(_BETWEEN.sub(" ", bare(reason))))
    )
