"""Quantiles of waits of which some still run: the product-limit estimate.

Without the running waits the quantiles would look short, most of all in a crisis.
"""

from bisect import bisect_left
from collections.abc import Sequence

_ROUNDING = 1e-6
"""Difference up to which two ranks count as equal."""


class Waits:
    """Waits by length; those in `running` are censored at their length so far.

    Kaplan and Meier (1958): the weight of a censored wait is shared among the longer ones. Ranks
    count from 0 and are interpolated; without censored waits they are those of the sample.
    """

    def __init__(self, ended: Sequence[float], running: Sequence[float]) -> None:
        n = len(ended) + len(running)
        # At equal length, the running wait is the longer one.
        waits = sorted([*((wait, False) for wait in ended), *((wait, True) for wait in running)])
        self._so_far = [wait for wait, _ in waits]
        self._ended: list[float] = []
        self._first_ranks: list[float] = []
        self._last_ranks: list[float] = []
        weight_left = float(n)
        for at_risk, (wait, is_running) in zip(range(n, 0, -1), waits, strict=True):
            if not is_running:
                self._ended.append(wait)
                self._first_ranks.append(n - weight_left)
                weight_left -= weight_left / at_risk
                self._last_ranks.append(n - weight_left - 1)

    def __len__(self) -> int:
        return len(self._so_far)

    def at(self, rank: float) -> float | None:
        """Return the wait of a rank; None if too many waits still run to tell."""
        place = bisect_left(self._last_ranks, rank - _ROUNDING)
        if place == len(self._ended):
            return None
        share = rank - self._first_ranks[place] + 1
        wait = self._ended[place]
        if share >= 1:
            return wait
        shorter = self._ended[place - 1]
        return shorter + share * (wait - shorter)

    def at_least(self, rank: float) -> float:
        """Return a lower bound of the wait of a rank: its value if all waits ended now."""
        place, share = int(rank), rank % 1
        shorter = self._so_far[place]
        return shorter + share * (self._so_far[place + 1] - shorter) if share else shorter
