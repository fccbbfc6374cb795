"""Writes the table of event types in docs/events.md: `python -m pipeline.contracts.event_page`."""

import re
from typing import Final

from pipeline.config.groups import ROOT
from pipeline.model.event_types import GROUPS, EventType

PAGE: Final = ROOT / "docs" / "events.md"
_TABLE = re.compile(r"(?<=\| type \| meaning \| groups \|\n\|---\|---\|---\|\n)(?:\|.*\n)*")


def with_table(page: str) -> str:
    """Return the page with its table generated from the event types."""
    return _TABLE.sub(lambda _: "".join(map(_row, EventType)), page)


def _row(type_: EventType) -> str:
    groups = " ".join(f"`{name}`" for name, types in GROUPS.items() if type_ in types)
    return f"| `{type_}` | {type_.meaning} | {groups} |\n"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
