"""Choices to which a newer version may add."""

from enum import StrEnum
from typing import Self


class OpenEnum(StrEnum):
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
        return member

    @property
    def is_known(self) -> bool:
        """Whether it is one of the choices of this version."""
        return type(self).__members__.get(self.name) is self
