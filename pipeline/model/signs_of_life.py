"""Tells what customers do from what is done to them."""

from typing import Final

from pipeline.model.event import AuthorType
from pipeline.model.event_types import Trait, types_with

TROUBLE: Final = types_with(Trait.SETBACK | Trait.LEAVES)
"""Types that show no ordinary life, whoever records them."""

_OWN = types_with(Trait.OWN)
_IF_AUTHOR = types_with(Trait.WORDS | Trait.STAYS)


def is_sign_of_life(type_: str, author_type: str) -> bool:
    """Return whether an event is something that the customer did."""
    return type_ in _OWN or (type_ in _IF_AUTHOR and author_type == AuthorType.CUSTOMER)
