"""Enums that newer versions may extend."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Self

from msgspec import Meta

EXTENSIBLE: Final = "x-extensible-enum"
"""JSON Schema keyword of open enums (Zalando RESTful API Guidelines, rule 112)."""

WELL_FORMED: Final = r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"
LONGEST_VALUE: Final = 50
"""Pattern and maximum length of values that a newer version may add."""
_WELL_FORMED = re.compile(WELL_FORMED)


def extensible(choices: Iterable[str]) -> Meta:
    """Return the annotation of a string with open `choices`, which a newer version may extend."""
    return Meta(extra_json_schema={EXTENSIBLE: [*choices]})


class _Choice:
    is_known = True
    """Whether the value is a choice of this version."""


class OpenEnum(_Choice, StrEnum):
    """A `StrEnum` that accepts unknown values, as a tolerant reader must.

    An unknown value becomes an unlisted member that equals its text and is written unchanged. The
    JSON Schema of the choices is open (docs/contracts.md).
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        # Not cached: senders could fill the memory with made-up values.
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        member.is_known = False
        return member

    @property
    def is_well_formed(self) -> bool:
        """Whether the value looks like a choice that a newer version could add."""
        return len(self) <= LONGEST_VALUE and _WELL_FORMED.fullmatch(self) is not None
