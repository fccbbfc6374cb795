"""Loads the lexicons in `data/*.yaml`."""

from importlib.resources import files
from typing import TypeVar

import msgspec

T = TypeVar("T")


def load(name: str, kind: type[T]) -> T:
    """Return the content of `data/NAME.yaml`. Raises msgspec.ValidationError if it is no `kind`."""
    path = files("pipeline.text").joinpath("data", f"{name}.yaml")
    return msgspec.yaml.decode(path.read_bytes(), type=kind)
