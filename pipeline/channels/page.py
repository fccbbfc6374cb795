"""Writes the table of channels in docs/notifications.md: `python -m pipeline.channels.page`."""

import re
from typing import Final

from pipeline.channels import open as opening
from pipeline.channels.channel import ChannelKind
from pipeline.config.groups import ROOT

PAGE: Final = ROOT / "docs" / "notifications.md"
_TABLE = re.compile(
    r"(?<=\| address \| what it is \| a message that is sent twice \|\n\|---\|---\|---\|\n)"
    r"(?:\|.*\n)*"
)


def with_table(page: str) -> str:
    """Return the page with the table of the registered kinds of channels."""
    kinds = (*opening.KINDS, opening.OTHER)
    return _TABLE.sub(lambda _: "".join(map(_row, kinds)), page)


def _row(kind: ChannelKind) -> str:
    variants = [f"`{scheme}://` ({note})" for scheme, note in kind.schemes.items() if note]
    address = ", ".join([f"`{kind.example}`", *variants]) if kind.schemes else "anything else"
    return f"| {address} | {kind.meaning} | {kind.resent} |\n"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
