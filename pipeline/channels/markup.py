"""What services read as mark-up, how a plain text stays plain there, and which send SMS.

Messages are plain text, with the words of customers in it. Apprise escapes them where a service
demands HTML, Markdown or Slack's own marks; what it hands on as it is, markup.yaml knows.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from string import punctuation

import msgspec

_WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in punctuation}
"""The wide form of each ASCII sign: it looks alike, and no service obeys it."""
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+.!|<>~&=-]")
"""What Markdown reads as mark-up, and a backslash makes plain (CommonMark 2.4)."""


class Markup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a service makes of a plain text: see markup.yaml."""

    replaced: str = ""
    escaped: bool = False
    sms: bool = False

    def plain(self, text: str) -> str:
        """Return a text without what the service would obey wherever it stands."""
        if not self.replaced:
            return text
        return re.sub(self.replaced, lambda found: found[0].translate(_WIDE), text)


def markup_of(schemes: Iterable[str]) -> Markup:
    """Return what the service of these schemes makes of plain text."""
    return next((_known()[scheme] for scheme in sorted(schemes) if scheme in _known()), Markup())


def in_markdown(text: str, link: str) -> str:
    """Return a plain text as Markdown that shows it as it is; links of ours go on to be links."""
    parts = re.split(f"({re.escape(link)}[A-Za-z0-9/%-]*)", text) if link else [text]
    parts[::2] = [_MARKDOWN.sub(r"\\\g<0>", part) for part in parts[::2]]
    return "".join(parts)


@cache
def _known() -> Mapping[str, Markup]:
    raw = (files(__package__) / "markup.yaml").read_bytes()
    return msgspec.yaml.decode(raw, type=dict[str, Markup])
