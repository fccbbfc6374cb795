"""What KPIs are cut by: dimensions, and the spelling of each name that stands for all of it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.common.names import folded
from pipeline.kpi.definitions import DIMENSIONS, Dimension
from pipeline.store.backend import Parameter


class Cut:
    """Cuts by `by`. Names that differ in letter case or outer spaces alone are one slice.

    It has the spelling that most events of `names` have, which are crossed as `by` is.
    """

    def __init__(
        self, by: Sequence[Dimension], names: Iterable[tuple[tuple[str, ...], int]]
    ) -> None:
        self.by = by
        self._places = [DIMENSIONS.index(dimension) for dimension in by]
        found = [Counter[str]() for _ in by]
        for crossed, events in names:
            for counts, name in zip(found, crossed, strict=True):
                counts[name] += events
        self._spelled = [_spellings(counts) for counts in found]
        self.parameters = self._respelled(found)

    def _respelled(self, found: Sequence[Counter[str]]) -> dict[str, Parameter]:
        """Return by dimension the names that are not spelled as their slice, and how it is."""
        parameters: dict[str, Parameter] = {}
        for dimension, counts, spelled in zip(self.by, found, self._spelled, strict=True):
            if others := {
                name: spelled[folded(name)] for name in counts if spelled[folded(name)] != name
            }:
                parameters[f"{dimension}_names"] = tuple(others)
                parameters[f"{dimension}_shown"] = tuple(others.values())
        return parameters

    @property
    def names(self) -> str:
        """The SQL of what rows are grouped by: what `columns` are called."""
        return ", ".join(f"of_{dimension}" for dimension in self.by) or "whole"

    @property
    def keys(self) -> str:
        """The SQL of the same for rows of a customer each; a constant would cost time."""
        return ", ".join([*(f"of_{dimension}" for dimension in self.by), "customer_id"])

    @property
    def columns(self) -> str:
        """The SQL of the columns that cut, with `parameters`."""
        return ", ".join(map(self._column, self.by)) or "'' AS whole"

    def _column(self, dimension: Dimension) -> str:
        if f"{dimension}_names" not in self.parameters:
            return f"{dimension} AS of_{dimension}"
        lists = f"array%({dimension}_names)s, array%({dimension}_shown)s"
        return f"transform({dimension}, {lists}, {dimension}) AS of_{dimension}"

    def of(self, slice_: Sequence[str]) -> tuple[str, ...]:
        """Return where something of these five names belongs.

        A name that no event of the window has is spelled as it is here for the first time.
        """
        return tuple(
            spelled.setdefault(folded(slice_[place]), slice_[place].strip())
            for place, spelled in zip(self._places, self._spelled, strict=True)
        )


def _spellings(counts: Counter[str]) -> dict[str, str]:
    """Return by folded name its most frequent spelling, of equals the first in the alphabet."""
    found: dict[str, str] = {}
    for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        found.setdefault(folded(name), name.strip())
    return found
