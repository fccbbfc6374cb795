"""Rate limiting by a bucket of tokens, which fills as time passes."""


class TokenBucket:
    """Holds up to `burst` tokens, refilled at `rate` a second. Full at first."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled_at = float("-inf")

    def take(self, now: float) -> float:
        """Take a token and return 0; else return the seconds until there is one. `now` in s."""
        passed = max(0.0, now - self._filled_at)
        self._tokens = min(self._burst, self._tokens + passed * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
