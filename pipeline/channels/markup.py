"""Escapes plain text for services that interpret markup, as markup.yaml describes them.

Messages are plain text with words of customers in it. Apprise escapes it for services that take
HTML, Markdown or Slack's markup; markup.yaml lists those to which it passes text unchanged.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from string import punctuation

import msgspec

_WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in punctuation}
"""Full-width forms of ASCII punctuation: they look alike, and no service interprets them."""
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+.!|<>~&=-]")
"""Markdown markup that a backslash escapes (CommonMark 2.4)."""


class Markup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a service treats plain text; see markup.yaml."""

    replaced: str = ""
    escaped: bool = False
    sms: bool = False

    def plain(self, text: str) -> str:
        """Return a text with the markup that the service interprets anywhere replaced."""
        if not self.replaced:
            return text
        return re.sub(self.replaced, lambda match: match[0].translate(_WIDE), text)


def markup_of(schemes: Iterable[str]) -> Markup:
    """Return how the service of these schemes treats plain text."""
    return next((_known()[scheme] for scheme in sorted(schemes) if scheme in _known()), Markup())


def in_markdown(text: str, link: str) -> str:
    """Escape a plain text for Markdown, keeping our link a link."""
    parts = re.split(f"({re.escape(link)}[A-Za-z0-9/%-]*)", text) if link else [text]
    parts[::2] = [_MARKDOWN.sub(r"\\\g<0>", part) for part in parts[::2]]
    return "".join(parts)


@cache
def _known() -> Mapping[str, Markup]:
    raw = (files(__package__) / "markup.yaml").read_bytes()
    return msgspec.yaml.decode(raw, type=dict[str, Markup])
