"""Places of messages in a topic, as the header of a message names one."""

import re
from typing import NamedTuple

_HEADER = re.compile(rb"(\d{1,9})/(\d{1,18})")


class Place(NamedTuple):
    """A partition and an offset."""

    partition: int
    offset: int

    @property
    def header(self) -> bytes:
        """The place as the value of a header."""
        return f"{self.partition}/{self.offset}".encode()


def place_in(header: bytes) -> Place | None:
    """Return the place that the value of a header names, None where it names none."""
    found = _HEADER.fullmatch(header)
    return Place(int(found[1]), int(found[2])) if found else None
