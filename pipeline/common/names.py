"""What people read for the names that travel with events: channels, touchpoints (`names.yaml`)."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec

NAMES: Mapping[str, Mapping[str, Mapping[str, str]]] = msgspec.yaml.decode(
    files(__package__).joinpath("names.yaml").read_bytes(),
    type=dict[str, dict[str, dict[Literal["tr", "en"], str]]],
)
"""The texts in each language, by kind and name."""


def shown(kind: str, name: str, language: str) -> str:
    """Return what a name is called in a language; the name itself where we know no other."""
    return NAMES.get(kind, {}).get(name, {}).get(language, name)
