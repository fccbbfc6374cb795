"""Detects a worker that makes no progress: it has lag, and commits nothing."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import faust

from pipeline.common import metrics
from pipeline.config.settings import Role


class Liveness:
    """Watches lag and commits of a worker; `problem` may be called from any thread."""

    def __init__(self, app: faust.App, role: Role, stall_seconds: float) -> None:
        self._app = app
        self._role = role
        self._stall_seconds = stall_seconds
        self._committed: dict[object, int | None] = {}
        self._progress_at = time.monotonic()
        self._handled_timestamp = 0.0
        self._recovered: Mapping[object, int | None] | None = None
        app.timer(interval=1.0, on_leader=False, name=f"{role}-heartbeat")(self.beat)

    def handled(self, received_at: datetime) -> None:
        """Note the broker's time of the newest handled message."""
        self._handled_timestamp = received_at.timestamp()

    async def beat(self) -> None:
        """Compare the committed offsets with those of the last beat.

        If nothing is committed yet, all messages of the broker are lag.
        """
        consumer: Any = self._app.consumer
        committed = dict(consumer.committed)
        inputs = [tp for tp in consumer.assignment() if not consumer.is_changelog(tp)]
        fresh = [tp for tp in inputs if committed.get(tp) is None]
        begins = await consumer.earliest_offsets(*fresh) if fresh else {}
        try:
            ends = {tp: consumer.highwater(tp) or 0 for tp in inputs}
        except AssertionError:  # a rebalance took a partition meanwhile: the next beat knows more
            return
        lag = sum(max(0, ends[tp] - (begins.get(tp) or committed.get(tp) or 0)) for tp in inputs)
        if committed != self._committed:
            metrics.LAST_COMMIT.labels(self._role).set_to_current_time()
        if lag == 0 or committed != self._committed:
            self._progress_at = time.monotonic()
        self._committed = committed
        metrics.LAG_EVENTS.labels(self._role).set(lag)
        behind = time.time() - self._handled_timestamp if lag and self._handled_timestamp else 0.0
        metrics.LAG_SECONDS.labels(self._role).set(max(0.0, behind))

    def problem(self) -> str | None:
        """Return the problem in words, or None while the worker makes progress."""
        now = time.monotonic()
        if self._app.in_recovery:  # no beat in a long recovery
            if (recovered := self._read_of_changelogs()) != self._recovered:
                self._recovered, self._progress_at = recovered, now
            idle, what = now - self._progress_at, "recovers its states and has made no progress"
        else:
            idle, what = now - self._progress_at, "has lag and has committed nothing"
        return f"{self._role} {what} for {idle:.0f} s" if idle > self._stall_seconds else None

    def _read_of_changelogs(self) -> dict[object, int | None]:
        recovery: Any = self._app.tables.recovery  # type: ignore[attr-defined]
        return dict(recovery.active_offsets)
