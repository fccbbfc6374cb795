"""Which states are due: an index by time in the local files, beside the states themselves.

Its keys sort by time, so what is due comes first however many states there are, and nothing is held
in memory. It is written with each state, here and in a recovery. An entry whose state has another
time since is left until its own has come, and then dropped.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any, NamedTuple

from rocksdict import WriteBatch

DueOf = Callable[[bytes], int]
"""Returns when an encoded state is due, in epoch microseconds; `NEVER` or later if never."""
NEVER = 2**62

_BEGINNING = b"\0due"
"""No key of a state begins so: those are JSON texts."""
_HEAD = Struct(f">{len(_BEGINNING)}sQ")


class DueEntry(NamedTuple):
    """An entry of the index: `key` is that of the state, `place` its own."""

    at: int
    key: bytes
    place: bytes


def note_due(batch: WriteBatch, key: bytes, at: int) -> None:
    """Have a batch write the entry of a state, unless it is never due."""
    if at < NEVER:
        batch.put(_HEAD.pack(_BEGINNING, at) + key, b"")


def entries(files: Any, until: int) -> Iterator[DueEntry]:
    """Yield what is due up to a time, the earliest first."""
    found = files.iter()
    found.seek(_BEGINNING)
    while found.valid() and (place := found.key()).startswith(_BEGINNING):
        _, at = _HEAD.unpack_from(place)
        if at > until:
            return
        yield DueEntry(at, place[_HEAD.size :], place)
        found.next()
    found.status()
