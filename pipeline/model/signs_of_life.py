"""Tells what customers do from what is done to them."""

from typing import Final

from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType, Trait, types_with

TROUBLE: Final = types_with(Trait.SETBACK | Trait.LEAVES)
"""Types that show no ordinary life, whoever records them."""

_OWN = types_with(Trait.OWN)
_IF_AUTHOR = types_with(Trait.WORDS | Trait.STAYS)


def is_sign_of_life(type_: str, author_type: str) -> bool:
    """Return whether an event is something that the customer did."""
    return type_ in _OWN or (type_ in _IF_AUTHOR and author_type == AuthorType.CUSTOMER)


def is_idle(event: Event) -> bool:
    """Return whether a record of usage says that there was none: all its amounts are zero."""
    if event.type is not EventType.USAGE:
        return False
    amounts = [
        value
        for value in event.attributes.values()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return bool(amounts) and not any(amounts)
