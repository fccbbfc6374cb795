"""Generated tables of the documentation: all else on their pages is written by hand."""

from collections.abc import Iterable, Sequence


def with_rows(page: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the page with the rows of its table of these titles replaced.

    Raises ValueError if the page has no such table.
    """
    head = _line(titles) + "|---" * len(titles) + "|\n"
    before, found, rest = page.partition(head)
    if not found:
        raise ValueError(f"the page has no table of {', '.join(titles)}")
    lines = rest.splitlines(keepends=True)
    end = next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return "".join((before, head, *map(_line, rows), *lines[end:]))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
