"""Tables of names and their members, as who is in an area: CSV or a workbook, two columns."""

from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from pipeline.sources.table import read_rows


def read_members(path: Path) -> dict[str, list[str]]:
    """Return the members of each name in a file: a row has a name and a member, the first says so.

    A file that has not changed is not read again. Raises OSError, SourceError.
    """
    state = path.stat()
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, _size: int) -> dict[str, list[str]]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for row in read_rows(path.read_bytes(), lambda _: 0).rows[1:]:
        name, member = (*row.cells, "", "")[:2]
        if name and member:
            members[name].append(member)
    return dict(members)
