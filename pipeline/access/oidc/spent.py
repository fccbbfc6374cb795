"""Ensures that each login flow is used only once, even if its cookie was kept."""

from pipeline.access.oidc.flow import LONGEST, Flow

MOST = 10_000
"""Remembered flows; beyond that, flows older than the dropped ones count as used."""


class Spent:
    """Used flows, while their cookies are valid."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._before = 0.0

    def spend(self, flow: Flow, now: float) -> bool:
        """Mark a flow as used, and return whether it was unused."""
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
