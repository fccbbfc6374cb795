"""Whether a page that a customer visits is about leaving, by its names (`exit_pages.yaml`)."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from pipeline.common.letters import letters_of
from pipeline.model.event import Event
from pipeline.model.event_types import EventType, Trait, types_with


class _Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pages: list[str]


_PAGES: Final = re.compile(
    r"\b(?:"
    + "|".join(
        msgspec.yaml.decode(
            Path(__file__).with_name("exit_pages.yaml").read_bytes(), type=_Lexicon
        ).pages
    )
    + ")"
)
_SEEN: Final = types_with(Trait.SELF_SERVICE) | {EventType.VISIT, EventType.KB_VOTED}
"""Types of events at a page."""
_NAMES: Final = ("page", "url", "path")
"""Attributes that may name the page."""


def is_about_leaving(event: Event) -> bool:
    """Return whether an event is one at a page about leaving."""
    if event.type not in _SEEN:
        return False
    names = [event.touchpoint, *map(event.attributes.get, _NAMES)]
    return any(isinstance(name, str) and _names_leaving(name) for name in names)


@lru_cache(maxsize=4_096)  # pages are few, and visits many
def _names_leaving(name: str) -> bool:
    return _PAGES.search(letters_of(name)) is not None
