"""Writes the table of event types in docs/events.md: `python -m pipeline.contracts.event_page`."""

from typing import Final

from pipeline.common.generated_tables import with_rows
from pipeline.config.groups import ROOT
from pipeline.model.event_types import GROUPS, EventType

PAGE: Final = ROOT / "docs" / "events.md"


def with_table(page: str) -> str:
    """Return the page with its table generated from the event types."""
    return with_rows(page, ("type", "meaning", "groups"), map(_row, EventType))


def _row(type_: EventType) -> tuple[str, ...]:
    groups = " ".join(f"`{name}`" for name, types in GROUPS.items() if type_ in types)
    return f"`{type_}`", type_.meaning, groups


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
