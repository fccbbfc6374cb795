"""Whom an outage strikes may stay in a table beside the connections."""

import os
from pathlib import Path

from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook

MAPPINGS = MappingBook(Path(__file__).parents[3] / "connectors")
ENTRY = "connections: [{name: noc, system: nabiz, token_file: token, affected: struck.csv}]"
TABLE = "Bölge;Müşteri\nKadıköy;M-1\nKadıköy;M-2\n;\nModa\nFiber;M-3\n"


def book(folder: Path) -> ConnectionBook:
    (folder / "token").write_text("a token")
    file = folder / "connections.yaml"
    file.write_text(ENTRY)
    return ConnectionBook(file, MAPPINGS)


def test_a_table_is_read_and_read_again_once_it_has_changed(tmp_path: Path) -> None:
    table = tmp_path / "struck.csv"
    table.write_bytes(TABLE.encode("windows-1254"))
    found = book(tmp_path)
    known = {"Kadıköy": ["M-1", "M-2"], "Fiber": ["M-3"]}
    assert found.connections["noc"].settings["affected"] == known
    table.write_text("area,customer\nModa,M-9\n")
    os.utime(table, ns=(1, 1))
    found.reload()
    assert found.connections["noc"].settings["affected"] == {"Moda": ["M-9"]}


def test_a_table_that_is_not_there_is_told_with_the_line(tmp_path: Path) -> None:
    (error,) = book(tmp_path).errors
    assert error.startswith(f"{tmp_path}/connections.yaml:1: {tmp_path}/struck.csv cannot be read")
