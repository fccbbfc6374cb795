"""Flows that have served: each serves once, also for whoever kept its cookie."""

from pipeline.access.oidc.flow import LONGEST, Flow

MOST = 10_000
"""Flows that are remembered; where there are more, all of those begun before count as spent."""


class Spent:
    """The states of flows that have served, as long as their cookies hold."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._before = 0.0

    def spend(self, flow: Flow, now: float) -> bool:
        """Return whether the flow serves, for this once."""
        if flow.state in self._began or flow.began <= self._before:
            return False
        self._began = {
            state: began for state, began in self._began.items() if now - began < LONGEST
        }
        if len(self._began) >= MOST:
            oldest = min(self._began, key=self._began.__getitem__)
            self._before = self._began.pop(oldest)
        self._began[flow.state] = flow.began
        return True
