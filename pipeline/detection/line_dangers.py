"""Dangers that the customer tells of in several lines, none of which rings alone."""

from collections.abc import Iterable

import msgspec

from pipeline.detection.spans import EvidenceRef
from pipeline.model.reading import NOT_MEANT

LINES = 5
"""Maximum number of the customer's last lines that together tell of a danger."""
DANGERS = 8
"""Maximum number of dangers that lines tell of together."""


class HeardLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a line of the customer tells of dangers (`Reading.danger_parts`)."""

    parts: tuple[str, ...]
    mark: EvidenceRef


def told_together(lines: Iterable[HeardLine]) -> dict[str, tuple[EvidenceRef, ...]]:
    """Return the dangers of which the last line tells the missing half, with their proof."""
    *before, last = lines
    if any(NOT_MEANT in line.parts for line in (*before, last)):
        return {}
    proofs: dict[str, tuple[EvidenceRef, ...]] = {}
    for part in last.parts:
        pair, danger = part.rpartition("/")[0], part.partition("/")[0]
        others = [
            line.mark
            for line in before
            if any(other != part and other.startswith(f"{pair}/") for other in line.parts)
        ]
        if others and danger not in proofs:
            proofs[danger] = (*others, last.mark)
    return proofs
