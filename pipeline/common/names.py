"""Names: how files spell them, and those of channels and touchpoints as shown (`names.yaml`)."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta

from pipeline.common.titles import Titles

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,49}\Z")]
"""A name that a file in `rules/` or `desk/` gives to something."""


@lru_cache(maxsize=4_096)  # KPIs compare few names very often
def folded(name: str) -> str:
    """Return a name folded for comparison: trimmed, in lower case, with İ, I and ı as i.

    The combining dot is dropped: outside Turkish, İ in lower case is i with a dot of its own.
    """
    return name.strip().lower().replace("ı", "i").replace("\u0307", "")


NAMES: Mapping[str, Mapping[str, Titles]] = {
    kind: {folded(name): titles for name, titles in known.items()}
    for kind, known in msgspec.yaml.decode(
        files(__package__).joinpath("names.yaml").read_bytes(),
        type=dict[str, dict[str, Titles]],
    ).items()
}
"""Display names by kind and folded name."""


def shown(kind: str, name: str, language: str) -> str:
    """Return the display name in a language, or the name itself if it has none."""
    titles = NAMES.get(kind, {}).get(folded(name))
    return titles.text(language) if titles else name
