"""The rate at which messages arrive."""

import math

MEMORY = 1.0
"""Seconds that count for most of a pace."""


class Pace:
    """Messages a second of late, from how many there were in all at some moments."""

    def __init__(self, total: int, now: float) -> None:
        """Begin at `now`, in seconds."""
        self._total, self._at = total, now
        self._rate = 0.0

    def after(self, total: int, now: float) -> float:
        """Return the pace where there are `total` by `now`; fewer than before are none."""
        elapsed = now - self._at
        if elapsed > 0:
            weight = 1 - math.exp(-elapsed / MEMORY)
            self._rate += weight * (max(0, total - self._total) / elapsed - self._rate)
            self._total, self._at = total, now
        return self._rate
