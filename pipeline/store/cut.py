"""Slices KPIs by dimensions, with one spelling per name."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.common.names import folded
from pipeline.kpi.definitions import DIMENSIONS, Dimension
from pipeline.store.backend import Parameter


class Cut:
    """Slices by the dimensions `by`. Names that differ only in case or outer spaces are one slice.

    A slice has the spelling of most events in `names`, which have the dimensions `by`.
    """

    def __init__(
        self, by: Sequence[Dimension], names: Iterable[tuple[tuple[str, ...], int]]
    ) -> None:
        self.by = by
        self._places = [DIMENSIONS.index(dimension) for dimension in by]
        spellings = [Counter[str]() for _ in by]
        for crossed, events in names:
            for counts, name in zip(spellings, crossed, strict=True):
                counts[name] += events
        self._spelled = [_spellings(counts) for counts in spellings]
        self.parameters = self._respelled(spellings)

    def _respelled(self, spellings: Sequence[Counter[str]]) -> dict[str, Parameter]:
        """Return by dimension the names spelled unlike their slice, and its spelling."""
        parameters: dict[str, Parameter] = {}
        for dimension, counts, spelled in zip(self.by, spellings, self._spelled, strict=True):
            if others := {
                name: spelled[folded(name)] for name in counts if spelled[folded(name)] != name
            }:
                parameters[f"{dimension}_names"] = tuple(others)
                parameters[f"{dimension}_shown"] = tuple(others.values())
        return parameters

    @property
    def names(self) -> str:
        """The SQL of GROUP BY: the aliases of `columns`."""
        return ", ".join(f"of_{dimension}" for dimension in self.by) or "whole"

    @property
    def keys(self) -> str:
        """The SQL of the same for rows per customer; a constant would cost time."""
        return ", ".join([*(f"of_{dimension}" for dimension in self.by), "customer_id"])

    @property
    def columns(self) -> str:
        """The SQL of the dimension columns, with `parameters`."""
        return ", ".join(map(self._column, self.by)) or "'' AS whole"

    def _column(self, dimension: Dimension) -> str:
        if f"{dimension}_names" not in self.parameters:
            return f"{dimension} AS of_{dimension}"
        lists = f"array%({dimension}_names)s, array%({dimension}_shown)s"
        return f"transform({dimension}, {lists}, {dimension}) AS of_{dimension}"

    def of(self, slice_: Sequence[str]) -> tuple[str, ...]:
        """Return the slice of these five names.

        A name that no event of the window has keeps its first spelling.
        """
        return tuple(
            spelled.setdefault(folded(slice_[place]), slice_[place].strip())
            for place, spelled in zip(self._places, self._spelled, strict=True)
        )


def _spellings(counts: Counter[str]) -> dict[str, str]:
    """Return the most frequent spelling by folded name, on ties the first alphabetically."""
    spelling: dict[str, str] = {}
    for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        spelling.setdefault(folded(name), name.strip())
    return spelling
