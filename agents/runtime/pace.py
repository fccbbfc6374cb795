"""The rate at which messages arrive."""

import math

MEMORY = 1.0
"""Seconds of history that determine most of the rate."""


class Pace:
    """The recent rate of messages per second, from their total at some moments."""

    def __init__(self, total: int, now: float) -> None:
        """Start at `now`, in seconds."""
        self._total, self._at = total, now
        self._rate = 0.0

    def after(self, total: int, now: float) -> float:
        """Return the rate once there are `total` messages at `now`; a smaller total counts as 0."""
        elapsed = now - self._at
        if elapsed > 0:
            weight = 1 - math.exp(-elapsed / MEMORY)
            self._rate += weight * (max(0, total - self._total) / elapsed - self._rate)
            self._total, self._at = total, now
        return self._rate
