"""Writes the table of channels in docs/notifications.md: `python -m pipeline.channels.page`."""

from typing import Final

from pipeline.channels import open as opening
from pipeline.channels.channel import ChannelKind
from pipeline.common.generated_tables import with_rows
from pipeline.config.groups import ROOT

PAGE: Final = ROOT / "docs" / "notifications.md"
_TITLES = ("address", "what it is", "a message that is sent twice")


def with_table(page: str) -> str:
    """Return the page with the table of the registered kinds of channels."""
    return with_rows(page, _TITLES, map(_row, (*opening.KINDS, opening.OTHER)))


def _row(kind: ChannelKind) -> tuple[str, ...]:
    variants = [f"`{scheme}://` ({note})" for scheme, note in kind.schemes.items() if note]
    address = ", ".join([f"`{kind.example}`", *variants]) if kind.schemes else "anything else"
    return address, kind.meaning, kind.resent


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
