"""Counts the outcomes of deliveries, with few labels whatever systems send."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from agents.processors.translation import Fate
from pipeline.common import metrics
from pipeline.common.plain_text import one_line
from pipeline.ingest.privacy import redact

KINDS, LONGEST_KIND = 100, 60
"""Most kinds counted per connection, the rest as `other`, and most characters of each."""


class TranslationCounts:
    """Counts by connection, outcome and a bounded number of kinds."""

    def __init__(self) -> None:
        self._kinds: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, fates: Sequence[Fate]) -> None:
        """Count the outcomes of deliveries."""
        for (connection, outcome), count in Counter(map(_outcome, fates)).items():
            metrics.DELIVERIES.labels(connection, outcome).inc(count)
        for connection, draft, waits in fates:
            if waits:
                continue
            for reason in draft.ignored:
                metrics.IGNORED.labels(connection, reason).inc()
            for kind in draft.unmapped:
                metrics.UNMAPPED.labels(connection, self._bounded(connection, kind)).inc()

    def _bounded(self, connection: str, kind: str) -> str:
        kind, known = one_line(redact(kind), LONGEST_KIND), self._kinds[connection]
        if kind not in known and len(known) >= KINDS:
            return "other"
        known.add(kind)
        return kind


def _outcome(fate: Fate) -> tuple[str, str]:
    """Return the connection and the gravest outcome of a delivery."""
    draft = fate.draft
    outcomes = {
        "waiting": fate.waits,
        "refused": draft.refused,
        "unmapped": draft.unmapped,
        "events": draft.events,
        "erase": draft.erased,
    }
    return fate.connection, next((name for name, it in outcomes.items() if it), "ignored")
