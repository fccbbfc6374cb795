"""The pages of the documentation lead to each other: every link to a file or a heading finds it."""

import re
from pathlib import Path

import pytest

from pipeline.config.groups import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

WRITTEN = {"benchmarks.md", "evaluation.md"}
"""Pages that `make bench` and `make evaluate` write; their headings are not known here."""


def anchors(page: Path) -> set[str]:
    """Return the names that GitHub gives the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = [re.sub(r"[`*]", "", one) for one in re.findall(r"^#+ (.+)$", text, flags=re.M)]
    return {re.sub(r"[^\w\- ]", "", one.strip().lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_finds_its_page_and_its_heading(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in path or Path(path).name in WRITTEN:
            continue
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
