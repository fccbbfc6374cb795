"""Writes the table of numbers in docs/dashboards.md: `python -m grafana.guide`."""

from typing import Final

from grafana.pages import PAGES
from grafana.texts import panels
from pipeline.common.generated_tables import with_rows
from pipeline.config.groups import ROOT

PAGE: Final = ROOT / "docs" / "dashboards.md"


def with_table(page: str) -> str:
    """Return the page with the table of the numbers that dashboards show."""
    return with_rows(page, ("number", "what it says"), _numbers().items())


def _numbers() -> dict[str, str]:
    """Return what each number says by its title, in the order of the dashboards."""
    shown = (panels()[name] for page in PAGES.values() for name in page("en").numbers)
    return {text.title.en: text.description.en for text in shown}


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
