"""Writes the audit trail: requests buffer entries, and a thread stores them."""

import threading
from collections.abc import Callable, Sequence
from typing import Self

import structlog

from pipeline.common import metrics
from pipeline.model.audit import AuditEntry
from pipeline.store import StoreUnavailable

log = structlog.get_logger(__name__)

AT_ONCE = 1_000
GATHER = 0.5
"""Seconds to collect entries before a write, since an insert has a fixed cost."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LAST_TRIES = 5.0
"""Seconds for which a stop waits for an unavailable store."""


class AuditTrail:
    """Buffers entries without blocking, up to `capacity` while the store is unavailable.

    Beyond that, or if the store is unavailable at the stop, entries are lost; metrics and log count
    them without their content.
    """

    def __init__(
        self, write: Callable[[Sequence[AuditEntry]], None], capacity: int = 50_000
    ) -> None:
        self._write = write
        self._capacity = capacity
        self._waiting: list[AuditEntry] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout=LAST_TRIES)
        if self._waiting:
            self._lose(len(self._waiting), "the store was unavailable when the API stopped")

    def note(self, entry: AuditEntry) -> None:
        """Add an entry, which is stored within a second while the store answers."""
        with self._changed:
            full = len(self._waiting) >= self._capacity
            if not full:
                self._waiting.append(entry)
                metrics.AUDIT_WAITING.set(len(self._waiting))
                self._changed.notify_all()
        if full:
            self._lose(1, "the store was unavailable for too long")

    def flush(self) -> bool:
        """Write buffered entries, and return whether none is left."""
        while batch := self._waiting[:AT_ONCE]:
            try:
                self._write(batch)
            except Exception as error:  # entries stay buffered whatever it is
                metrics.AUDIT_FAILURES.inc()
                # The engine's message may quote the row.
                why = str(error) if isinstance(error, StoreUnavailable) else type(error).__name__
                log.error("audit trail cannot be stored", waiting=len(self._waiting), error=why)
                return False
            with self._changed:
                del self._waiting[: len(batch)]
                metrics.AUDIT_WAITING.set(len(self._waiting))
        return True

    def _run(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._stopping or self._waiting:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                self._changed.wait_for(lambda: self._stopping, timeout=GATHER)
            if self.flush():
                pause = SHORTEST_PAUSE
                continue
            if self._stopping:
                return  # the store may not come back
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, timeout=pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _lose(self, count: int, why: str) -> None:
        metrics.AUDIT_LOST.inc(count)
        log.error("audit entries are lost", count=count, reason=why)
