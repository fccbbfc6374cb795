"""Decides which events count.

Excluded are revoked events, those of tests and of the company itself, and those of unknown types.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec

from pipeline.common.plain_text import bare
from pipeline.common.yaml_files import read_form
from pipeline.model.event import Event

_TRUE = frozenset({"true", "1", "1.0", "yes", "evet", "dogru"})
"""Spellings of true in tables, including those of a Turkish Excel."""


class UncountedError(Exception):
    """The file is wrong; the message names the file and the field."""


class Uncounted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """`desk/uncounted.yaml`: criteria of events that do not count; one match is enough.

    `attributes` are names of attributes with a true value; `customers` are customer ids, in which
    `*` matches any characters. All are compared without regard to case and diacritics
    (`pipeline.common.plain_text.bare`).
    """

    attributes: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()

    def counts(self, event: Event) -> bool:
        """Return whether an event counts."""
        return event.type.is_known and not (
            event.revoked
            or (event.attributes and any(self._matches(event.attributes)))
            or (event.segment and _name(event.segment) in self._segments)
            or (event.brand and _name(event.brand) in self._brands)
            or (self.customers and self._customers.fullmatch(_name(event.customer_id)))
        )

    def _matches(self, attributes: Mapping[str, object]) -> Iterator[bool]:
        for name, value in attributes.items():
            if _name(name) in self._attributes:
                yield _name(str(value)) in _TRUE

    @cached_property
    def _attributes(self) -> frozenset[str]:
        return frozenset(map(_name, self.attributes))

    @cached_property
    def _segments(self) -> frozenset[str]:
        return frozenset(map(_name, self.segments))

    @cached_property
    def _brands(self) -> frozenset[str]:
        return frozenset(map(_name, self.brands))

    @cached_property
    def _customers(self) -> re.Pattern[str]:
        return re.compile("|".join(map(_pattern, sorted(self.customers))))


EVERYTHING_COUNTS = Uncounted()


def load_uncounted(path: Path) -> Uncounted:
    """Read the file. Raises UncountedError."""
    return read_form(path, Uncounted, UncountedError)


def _pattern(customers: str) -> str:
    return f"(?s:{'.*'.join(map(re.escape, _name(customers).split('*')))})"


@lru_cache(1_024)
def _name(text: str) -> str:
    return bare(text.strip())
