"""Ranks of waits of which some are not over: the product-limit estimate.

Left out, long waits that still run would make the others look short, most of all when it burns.
"""

from bisect import bisect_left
from collections.abc import Sequence

_ROUNDING = 1e-6
"""How much two ranks may differ that are the same."""


class Waits:
    """Waits in the order of their lengths, those that `running` are as long as they were until now.

    Kaplan and Meier (1958): what is known of a running wait is that it is longer; its weight is
    shared among those that are. Ranks count from 0 and are interpolated, so that without running
    ones they are those of the sample.
    """

    def __init__(self, ended: Sequence[float], running: Sequence[float]) -> None:
        n = len(ended) + len(running)
        # Of two equally long, the running one is longer.
        waits = sorted([*((wait, False) for wait in ended), *((wait, True) for wait in running)])
        self._so_far = [wait for wait, _ in waits]
        self._known: list[float] = []
        self._first_ranks: list[float] = []
        self._last_ranks: list[float] = []
        weight_left = float(n)
        for at_risk, (wait, is_running) in zip(range(n, 0, -1), waits, strict=True):
            if not is_running:
                self._known.append(wait)
                self._first_ranks.append(n - weight_left)
                weight_left -= weight_left / at_risk
                self._last_ranks.append(n - weight_left - 1)

    def __len__(self) -> int:
        return len(self._so_far)

    def at(self, rank: float) -> float | None:
        """Return the wait of a rank; None where so many run that nobody knows it yet."""
        place = bisect_left(self._last_ranks, rank - _ROUNDING)
        if place == len(self._known):
            return None
        share = rank - self._first_ranks[place] + 1
        wait = self._known[place]
        if share >= 1:
            return wait
        shorter = self._known[place - 1]
        return shorter + share * (wait - shorter)

    def at_least(self, rank: float) -> float:
        """Return what the wait of a rank is at least: what it would be if all had ended now."""
        place, share = int(rank), rank % 1
        shorter = self._so_far[place]
        return shorter + share * (self._so_far[place + 1] - shorter) if share else shorter
