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


def folded(name: str) -> str:
    """Return a name as names are compared: trimmed, in lower case, with İ, I and ı as i.

    The dot above is left out: elsewhere than in Turkish, İ in lower case is i with one of its own.
    """
    return name.strip().lower().replace("ı", "i").replace("\u0307", "")


_FOLDED = {
    kind: {folded(name): titles for name, titles in known.items()} for kind, known in NAMES.items()
}


def shown(kind: str, name: str, language: str) -> str:
    """Return the display name in a language, or the name itself if it has none."""
    return _FOLDED.get(kind, {}).get(folded(name), {}).get(language, name)
