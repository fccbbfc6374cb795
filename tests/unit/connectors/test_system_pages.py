"""The pages of systems: the connection that each has to copy is one that is accepted."""

import re
from pathlib import Path

import pytest

from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook

ROOT = Path(__file__).parents[3]
MAPPINGS = MappingBook(ROOT / "connectors")
PAGES = [
    page
    for page in sorted((ROOT / "docs" / "connectors").glob("*.md"))
    if page.stem in MAPPINGS.systems
]
TOP = "public_url: https://nabiz.example\npseudonym_key_file: key\nconnections:\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_connection_to_copy_is_accepted(page: Path, tmp_path: Path) -> None:
    entries = re.findall(r"^```yaml\n(- name: .*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    assert entries
    file = tmp_path / "connections.yaml"
    file.write_text(TOP + entries[0])
    for named in re.findall(r"_file: (\S+)", file.read_text()):
        (tmp_path / named).parent.mkdir(exist_ok=True)
        (tmp_path / named).write_text("whsec_c2VjcmV0")
    book = ConnectionBook(file, MAPPINGS)
    assert book.errors == []
    assert [connection.system for connection in book.connections.values()] == [page.stem]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_in_both_languages(page: Path) -> None:
    parts = re.split(r"^## (?:Türkçe|English)$", page.read_text(), flags=re.MULTILINE)
    assert [part.count("\n|") > 1 for part in parts[1:]] == [True, True]
