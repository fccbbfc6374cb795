"""Loads the lexicons in `data/*.yaml`."""

from importlib.resources import files
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Titles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The title of an entry in each language."""

    tr: str
    en: str

    def text(self, language: str) -> str:
        """Return the title in `tr` or `en`."""
        return self.tr if language == "tr" else self.en


def load(name: str, kind: type[T]) -> T:
    """Return the content of `data/NAME.yaml`. Raises msgspec.ValidationError if it is no `kind`."""
    path = files("pipeline.text").joinpath("data", f"{name}.yaml")
    return msgspec.yaml.decode(path.read_bytes(), type=kind)
