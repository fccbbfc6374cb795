"""When a customer left: the truth that risk is measured against."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib.resources import files
from typing import NamedTuple

import msgspec

from pipeline.common.plain_text import bare
from pipeline.model.event import Event
from pipeline.model.event_types import EventType, Trait
from pipeline.model.reading import Scored

TAKEN_BACK = timedelta(days=7)
"""Time within which a new or renewed subscription shows that the customer did not leave."""

_BETWEEN = re.compile(r"[\s_-]+")
_PHRASES = msgspec.yaml.decode(
    files(__package__).joinpath("leaving.yaml").read_bytes(), type=dict[str, list[str]]
)["no_leaving"]
_NO_LEAVING = re.compile(rf"\b(?:{'|'.join(map(re.escape, _PHRASES))})")


class Departure(NamedTuple):
    """A customer left at a time, and came back at another, None if not."""

    at: datetime
    back: datetime | None = None


def departures(events: Iterable[Scored]) -> tuple[Departure, ...]:
    """Return when a customer left, given their events in event order.

    Leaving is the end of the account or of the last known subscription, whoever records it, unless
    its reason says otherwise (`leaving.yaml`) or a subscription follows at once. Who has left is
    gone until a subscription starts or is renewed: what ends in between is the same departure.
    """
    found: list[Departure] = []
    held: set[str] = set()
    for scored in events:
        event, traits = scored.event, scored.event.type.traits
        if not scored.counted:
            continue
        if Trait.STAYS in traits:
            held.add(event.product or "")
            if found and found[-1].back is None:
                last = found.pop()
                if event.occurred_at - last.at > TAKEN_BACK:
                    found.append(Departure(last.at, event.occurred_at))
        elif Trait.LEAVES in traits and not _ends_otherwise(event):
            held = _still_held(held, event)
            if not held and not (found and found[-1].back is None):
                found.append(Departure(event.occurred_at))
    return tuple(found)


def is_gone(at: datetime, left: Iterable[Departure]) -> bool:
    """Return whether the customer has left at a time."""
    return any(one.at <= at and (one.back is None or at < one.back) for one in left)


def leaves_within(at: datetime, horizon: timedelta, left: Iterable[Departure]) -> bool:
    """Return whether the customer leaves after `at`, but no later than the horizon."""
    return any(at < one.at <= at + horizon for one in left)


def _still_held(held: set[str], event: Event) -> set[str]:
    """Return the named products to which the customer is still subscribed after an end."""
    if event.type is EventType.ACCOUNT_CLOSED or not event.product:
        return set()
    return held - {event.product, ""}


def _ends_otherwise(event: Event) -> bool:
    reason = event.attributes.get("reason")
    return isinstance(reason, str) and bool(_NO_LEAVING.search(_BETWEEN.sub(" ", bare(reason))))
