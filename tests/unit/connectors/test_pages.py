"""docs/connectors: each system has a page in both languages, whose entry can be copied as it is."""

import re
from pathlib import Path

import pytest

from pipeline.config.groups import ROOT
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook

PAGES = ROOT / "docs" / "connectors"
BOOK = MappingBook(ROOT / "connectors")
TOP = "public_url: https://nabiz.example\npseudonym_key_file: secrets/key\nconnections:\n"


@pytest.mark.parametrize("system", BOOK.systems)
def test_the_entry_of_a_page_is_a_connection(system: str, tmp_path: Path) -> None:
    page = (PAGES / f"{system}.md").read_text(encoding="utf-8")
    entries = re.findall(r"^```yaml\n(- name:.*?)^```", page, re.M | re.S)
    assert entries
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in {"key", *re.findall(r"secrets/([\w.-]+)", page)}:
        (secrets / name).write_text("word")
        (secrets / name).chmod(0o600)
    for entry in entries:
        file = tmp_path / "connections.yaml"
        file.write_text(TOP + re.sub(r"^", "  ", entry.rstrip(), flags=re.M) + "\n")
        assert ConnectionBook(file, BOOK).errors == []


@pytest.mark.parametrize("system", [one for one in BOOK.systems if one != "nabiz"])
def test_a_page_is_in_both_languages(system: str) -> None:
    page = (PAGES / f"{system}.md").read_text(encoding="utf-8")
    turkish, english = page.index("## Türkçe"), page.index("## English")
    assert turkish < english
    assert "**Bilinmesi gerekenler.**" in page[:english]
    assert "**Mind.**" in page[english:]


def test_every_page_is_listed() -> None:
    listed = re.findall(r"\]\((\w+)\.md\)", (PAGES / "README.md").read_text(encoding="utf-8"))
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == set(listed)
    assert set(BOOK.systems) <= set(listed)
