"""Display names of channels and touchpoints in each language (`names.yaml`)."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec

NAMES: Mapping[str, Mapping[str, Mapping[str, str]]] = msgspec.yaml.decode(
    files(__package__).joinpath("names.yaml").read_bytes(),
    type=dict[str, dict[str, dict[Literal["tr", "en"], str]]],
)
"""Display names by language, kind and name."""


def shown(kind: str, name: str, language: str) -> str:
    """Return the display name in a language, or the name itself if it has none."""
    return NAMES.get(kind, {}).get(name, {}).get(language, name)
