"""Tells what a customer does from what is done to them, and ordinary life from trouble."""

from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType, Trait

_BY_THE_CUSTOMER = Trait.WORDS | Trait.STAYS
"""Types that are the customer's doing only where the customer is their author."""
_TROUBLE = Trait.SETBACK | Trait.LEAVES


def is_sign_of_life(event: Event) -> bool:
    """Return whether the customer did something. A record of no usage at all is none."""
    traits = event.type.traits
    if event.type is EventType.USAGE:
        return not _is_nothing(event)
    if Trait.OWN in traits:
        return True
    return bool(traits & _BY_THE_CUSTOMER) and event.author_type is AuthorType.CUSTOMER


def is_ordinary(event: Event, label: str) -> bool:
    """Return whether an event is a sign of ordinary life; `label` is that of its text, "" if none.

    That is a sign of life without a setback, a negative word or a bad score.
    """
    bad = label == "negative" or (event.score is not None and event.score.is_bad)
    return not (bad or event.type.traits & _TROUBLE) and is_sign_of_life(event)


def _is_nothing(event: Event) -> bool:
    """Return whether all amounts of a usage record are zero."""
    amounts = [
        value
        for value in event.attributes.values()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return bool(amounts) and not any(amounts)
