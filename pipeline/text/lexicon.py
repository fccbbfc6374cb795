"""Loads the lexicons in `data/*.yaml`."""

from importlib.resources import files
from typing import TypeVar

import msgspec

T = TypeVar("T")


def load(name: str, kind: type[T]) -> T:
    """Return the content of `data/NAME.yaml`. Raises msgspec.ValidationError if it is no `kind`."""
    return msgspec.yaml.decode(content(name), type=kind)


def content(name: str) -> bytes:
    """Return the bytes of `data/NAME.yaml`."""
    return files("pipeline.text").joinpath("data", f"{name}.yaml").read_bytes()
