"""The pages of the documentation lead to each other: every link to a file or a heading finds it."""

import re
from pathlib import Path

import pytest

from pipeline.config.groups import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

WRITTEN = {"benchmarks.md", "detection.md", "evaluation.md"}
"""Pages that `make bench`, `make evaluate` and others write; their headings are not known here."""


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


def test_every_folder_has_a_row_in_the_architecture_and_every_row_its_folder() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## Where things are")[2].partition("import-linter checks")[0]
    named = set[str]()
    for cell in re.findall(r"^\| `([^`]+)` \|", table, flags=re.M):
        first, *others = cell.split()
        room = first.rpartition("/")[0].rpartition("/")[0]
        named |= {first, *(f"{room}/{one}".removeprefix("/") for one in others)}
    there = {
        f"{package.parent.relative_to(ROOT)}/"
        for package in [*ROOT.glob("*/__init__.py"), *ROOT.glob("*/*/__init__.py")]
        if package.relative_to(ROOT).parts[0] in {"agents", "pipeline"}
    }
    assert there - {"pipeline/"} <= named
    assert [one for one in named if not (ROOT / one).exists()] == []
