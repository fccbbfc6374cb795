"""Choices to which a newer version may add."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Self

from msgspec import Meta

EXTENSIBLE: Final = "x-extensible-enum"
"""Word of JSON Schemas for choices that are open (Zalando RESTful API Guidelines, rule 112)."""

WELL_FORMED: Final = r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"
LONGEST_VALUE: Final = 50
"""How a value looks that a newer version may add, and its most characters."""
_WELL_FORMED = re.compile(WELL_FORMED.rstrip("$") + r"\Z")


def extensible(choices: Iterable[str]) -> Meta:
    """Return the mark of a text that is one of `choices`, or one that a newer version has added."""
    return Meta(extra_json_schema={EXTENSIBLE: [*choices]})


class _Choice:
    is_known = True
    """Whether it is one of the choices of this version."""


class OpenEnum(_Choice, StrEnum):
    """A `StrEnum` that reads values which it does not know, as a tolerant reader must.

    Such a value becomes a member of its own, equal to its text, that no list of members holds; it
    is written as it was read. The JSON Schema of the choices is open (docs/contracts.md).
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        # Not kept anywhere: whoever sends messages could fill the memory with values.
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        member.is_known = False
        return member

    @property
    def is_well_formed(self) -> bool:
        """Whether it may be a choice of a newer version, and is not just anything."""
        return len(self) <= LONGEST_VALUE and _WELL_FORMED.match(self) is not None
