"""Stops a role when too large a share of its messages is invalid."""

from collections import deque

from agents.runtime.crash import Halt
from pipeline.config.groups import DeadLetterSettings


class TooManyInvalid(Halt):
    """Too many messages are invalid: the source or our schema must be wrong."""


class InvalidLimit:
    """Stops the worker when too large a share of the last messages was invalid."""

    def __init__(self, settings: DeadLetterSettings) -> None:
        self._settings = settings
        self._batches: deque[tuple[int, int]] = deque()

    def check(self, *, valid: int, invalid: int) -> None:
        """Count the invalid messages of a batch.

        Raises TooManyInvalid if their share in the window of the last batches is too large.
        """
        self._batches.append((valid, invalid))
        while sum(map(sum, self._batches)) - sum(self._batches[0]) >= self._settings.window:
            self._batches.popleft()
        seen = sum(map(sum, self._batches))
        share = sum(invalid for _, invalid in self._batches) / max(1, seen)
        if seen >= self._settings.window and share > self._settings.max_share:
            raise TooManyInvalid(
                f"{share:.0%} of the last {seen} messages are invalid (at most "
                f"{self._settings.max_share:.0%} may be): mend the source and start the worker "
                "again. To let them through as dead letters, start it with "
                "NABIZ_DEADLETTERS_MAX_SHARE=1. Nothing of this batch was acknowledged."
            )
