"""The pages of connectors: the entry to copy is one that the file of connections takes."""

import re
from pathlib import Path

import pytest

from pipeline.connectors.book import MappingBook
from pipeline.connectors.connections import ConnectionBook

ROOT = Path(__file__).parents[3]
MAPPINGS = MappingBook(ROOT / "connectors")
PAGES = [
    page for name in MAPPINGS.systems if (page := ROOT / f"docs/connectors/{name}.md").exists()
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_entry_to_copy_is_a_connection(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    entries = re.findall(r"```yaml\n(- name: .*?)```", text, re.DOTALL)
    for secret in {"pseudonym_key", *re.findall(r"secrets/(\w+)", text)}:
        (tmp_path / "secrets").mkdir(exist_ok=True)
        (tmp_path / "secrets" / secret).write_text("secret", "utf-8")
    file = tmp_path / "connections.yaml"
    file.write_text(
        "pseudonym_key_file: secrets/pseudonym_key\nconnections:\n" + "".join(entries), "utf-8"
    )
    book = ConnectionBook(file, MAPPINGS)

    book.reload()

    assert not book.refused
    assert {connection.system for connection in book.connections.values()} == {page.stem}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_in_both_languages(page: Path) -> None:
    assert re.findall(r"^## .*", page.read_text("utf-8"), re.MULTILINE) == [
        "## Türkçe",
        "## English",
    ]
