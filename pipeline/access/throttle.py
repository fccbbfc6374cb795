"""How long one must wait before the next attempt to log in: longer with each that failed.

Pure: what was tried is a value, and time an argument (seconds of any clock).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Key = tuple[Literal["address", "name", "device"], str]
"""What attempts are counted by: where they come from, whom they try, a browser known for that."""


class Tried(NamedTuple):
    """So many attempts without success, the last of them at `at`."""

    times: int
    at: float


Attempts = Mapping[Key, Tried]

FREE = {"address": 20, "name": 5, "device": 5}
"""Attempts without a wait. More for an address: many people may share it."""
LONGEST = 300.0
"""A wait is never longer: whoever is attacked can still log in, with some patience."""
FORGOTTEN = 3_600.0
"""Quiet seconds after which attempts no longer count."""
REMEMBERED = 4_096
"""Most keys that are kept."""


def wait(attempts: Attempts, keys: Sequence[Key], now: float) -> float:
    """Return the seconds until the next attempt is allowed, 0 if it is now.

    After the free attempts 1 s, then twice as long each time.
    """
    return max((_left(attempts[key], key, now) for key in keys if key in attempts), default=0.0)


def _left(tried: Tried, key: Key, now: float) -> float:
    over = tried.times - FREE[key[0]]
    if over < 0:
        return 0.0
    pause = min(LONGEST, 2.0 ** min(over, 32))
    return min(pause, max(0.0, tried.at + pause - now))  # a clock may be set back


def charged(attempts: Attempts, keys: Sequence[Key], now: float) -> Attempts:
    """Return the attempts with one more, counted before its password is checked.

    Counted afterwards, many at once would all pass. Beyond REMEMBERED keys those with the fewest
    attempts are dropped, so that a flood of made-up names frees nobody.
    """
    kept = dict(attempts)
    for key in keys:
        before = kept.get(key)
        times = before.times if before and now - before.at < FORGOTTEN else 0
        kept[key] = Tried(times + 1, now)
    while len(kept) > REMEMBERED:
        del kept[min(kept, key=lambda key: (key in keys, *kept[key]))]
    return kept


def forgiven(attempts: Attempts, keys: Sequence[Key]) -> Attempts:
    """Return the attempts after a success: the name starts anew, the address loses this attempt.

    If it lost all, whoever has one account could try others without end.
    """
    kept = dict(attempts)
    for key in keys:
        tried = kept.pop(key, None)
        if tried and key[0] == "address" and tried.times > 1:
            kept[key] = tried._replace(times=tried.times - 1)
    return kept


def whole_seconds(left: float) -> int:
    """Return the wait as a header Retry-After has it."""
    return math.ceil(left)
