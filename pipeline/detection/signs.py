"""Signs beside the loads of rules that show how a customer fares: readings, effort, silence."""

import math
from typing import Final

import msgspec
from msgspec.structs import replace

from pipeline.detection.entry import DAY
from pipeline.detection.moment import Moment
from pipeline.model.reading import MAX_LEVEL

NEGATIVITY: Final = "customer.negativity"
"""Negative texts, by their probability."""
ANGER: Final = "customer.anger"
EFFORT: Final = "customer.effort"
"""Contacts."""
BROKEN_PROMISES: Final = "customer.broken_promises"
SILENCE: Final = "customer.silence"
SIGNS: Final = (NEGATIVITY, ANGER, EFFORT, BROKEN_PROMISES, SILENCE)
"""The names of the signs; no rule can have one of them."""

HABIT = 10
"""Number of gaps that the usual gap is a running mean of."""
KNOWN = 3
"""Gaps after which a customer's habit is known."""
MOST_SILENCE = 5.0
"""Doublings of the usual gap after which silence tells no more."""


class Signs(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Signs of a customer. `tallies` count as weights of rules do, and are relieved like them.

    `alive_at` is the last sign of life, `gap` the usual number of days from one day with a sign of
    life to the next, a mean over the last of the `gaps` seen.
    """

    tallies: dict[str, float] = {}
    alive_at: int | None = None
    gap: float = 0.0
    gaps: int = 0

    def features(self, at: int) -> dict[str, float]:
        """Return the signs at a time by name; each can only raise the risk."""
        return {**self.tallies, SILENCE: self._silence(at)}

    def relieved(self, left: float) -> "Signs":
        """Return the signs with the share `left` of the tallies."""
        return replace(self, tallies={name: tally * left for name, tally in self.tallies.items()})

    def _silence(self, at: int) -> float:
        """Return how many times the usual gap has doubled since the last sign of life."""
        if self.alive_at is None or self.gaps < KNOWN:
            return 0.0
        gaps = (at - self.alive_at) / DAY / self.gap
        return min(MOST_SILENCE, math.log2(max(1.0, gaps)))


def signs_after(
    signs: Signs, tallies: dict[str, float], moment: Moment, *, begins_contact: bool
) -> Signs:
    """Return the signs after an event, with the `tallies` before it, relieved, which it takes."""
    entry = moment.entry
    added: dict[str, float] = {}
    if entry.label == "negative":
        added[NEGATIVITY] = entry.negative
    if entry.anger:
        added[ANGER] = entry.anger / MAX_LEVEL
    if begins_contact:
        added[EFFORT] = 1.0
    if entry.order_id and moment.hours_late() > 0:
        added[BROKEN_PROMISES] = 1.0
    for name, more in added.items():
        tallies[name] = tallies.get(name, 0.0) + more
    if not entry.is_sign_of_life:
        return Signs(tallies, signs.alive_at, signs.gap, signs.gaps)
    # Signs of life of one day are one.
    days = 0 if signs.alive_at is None else moment.at // DAY - signs.alive_at // DAY
    if days == 0:
        return Signs(tallies, moment.at, signs.gap, signs.gaps)
    gaps = min(signs.gaps + 1, HABIT)
    return Signs(tallies, moment.at, signs.gap + (days - signs.gap) / gaps, gaps)
