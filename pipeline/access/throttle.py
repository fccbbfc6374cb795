"""Throttles login attempts, with exponential waits after failures.

Pure: the attempts are a value, and time is an argument (seconds of any clock).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Key = tuple[Literal["address", "name", "device"], str]
"""What attempts are counted by: client address, user name, or known device."""


class Tried(NamedTuple):
    """A number of failed attempts, the last of them at `at`."""

    times: int
    at: float


Attempts = Mapping[Key, Tried]

FREE = {"address": 20, "name": 5, "device": 5}
"""Attempts without a wait; more for an address, which many people may share."""
LONGEST = 300.0
"""Longest wait in seconds, so that a user under attack can still log in."""
FORGOTTEN = 3_600.0
"""Seconds without an attempt after which earlier ones no longer count."""
REMEMBERED = 4_096
"""Most keys to keep."""


def wait(attempts: Attempts, keys: Sequence[Key], now: float) -> float:
    """Return the seconds until the next attempt is allowed, 0 if it is now.

    The first wait after the free attempts is 1 s, and each further one is twice as long.
    """
    return max((_left(attempts[key], key, now) for key in keys if key in attempts), default=0.0)


def _left(tried: Tried, key: Key, now: float) -> float:
    over = tried.times - FREE[key[0]]
    if over < 0:
        return 0.0
    pause = min(LONGEST, 2.0 ** min(over, 32))
    return min(pause, max(0.0, tried.at + pause - now))  # the clock may be set back


def charged(attempts: Attempts, keys: Sequence[Key], now: float) -> Attempts:
    """Return the attempts with one more, counted before its password is checked.

    If it were counted afterwards, many concurrent attempts would pass. Beyond REMEMBERED keys,
    those with the fewest attempts are dropped, so that a flood of made-up names clears nobody.
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
    """Return the attempts after a success: the name is cleared, the address loses one attempt.

    Clearing the address would let the owner of one account attack others without limit.
    """
    kept = dict(attempts)
    for key in keys:
        tried = kept.pop(key, None)
        if tried and key[0] == "address" and tried.times > 1:
            kept[key] = tried._replace(times=tried.times - 1)
    return kept


def whole_seconds(left: float) -> int:
    """Return the wait in whole seconds, for the header Retry-After."""
    return math.ceil(left)
