"""Writes the table of docs/kpis.md: `python -m pipeline.kpi`."""

from pathlib import Path

from pipeline.kpi.table import in_page

if __name__ == "__main__":
    page = Path("docs/kpis.md")
    page.write_text(in_page(page.read_text("utf-8")), "utf-8")
