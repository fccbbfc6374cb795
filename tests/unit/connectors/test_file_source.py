"""Files of other systems, row by row through a mapping."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.connectors.connection import Connection, connection_of
from pipeline.connectors.files.file_source import mapped
from pipeline.connectors.mapping import Mapping
from pipeline.model.event import Event
from pipeline.sources.files import BadLine, read
from pipeline.sources.source import Note
from tests.support.workbook import workbook

MAPPING = """
system: kiosk
title: {tr: Kiosk, en: Kiosk}
transports: [file]
things:
  - each: {row: "body.rows[]"}
    ignore: [{reason: test_row, when: 'row["Şube"] == "TEST"'}]
    events:
      - id: "{row | cell('no')}"
        type: survey
        channel: store
        occurred_at: "{row | cell('tarih') | local}"
        customer_id: "{row | cell('müşteri no')}"
        text: "{row | cell('yorum')}"
        answers:
          each: {answer: "row{}"}
          question: "{answer.key}"
          value: "{answer.value | number}"
"""
HEADER = ["No", "Tarih", "Müşteri No", "Şube", "NPS", "Memnuniyet", "Yorum"]
ROWS = [
    ["1", "31.01.2026 14:05", "M-1", "Kadıköy", "9", "4,0", "Hızlıydı"],
    ["2", "31.01.2026 14:06", "", "Kadıköy", "3", "1", "Çok bekledim"],
    ["3", "31.01.2026 14:07", "M-3", "TEST", "3", "1", "deneme"],
    ["4", "31.01.2026 14:08", "M-4", "Kadıköy", "11", "2", "Kötü; çok kötü"],
]
QUESTIONS = {"NPS": {"metric": "nps"}, "Memnuniyet": {"metric": "csat"}}
NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    return Mapping(tmp_path / "mapping.yaml", MAPPING.encode())


def connection(**settings: object) -> Connection:
    return connection_of("kiosk", "kiosk", {"questions": QUESTIONS, **settings})


class Import:
    """What is read of a file."""

    def __init__(self, file: Path, content: bytes, mapping: Mapping, **settings: object) -> None:
        file.write_bytes(content)
        self.ignored: Counter[str] = Counter()
        source = mapped(
            mapping, connection(**settings), NOW, lambda why: self.ignored.update([why])
        )
        items = list(read(file, source, ZoneInfo("Europe/Istanbul")))
        self.events = [item for item in items if isinstance(item, Event)]
        self.bad = [item for item in items if isinstance(item, BadLine)]
        self.notes = [item.sentence("en") for item in items if isinstance(item, Note)]

    def ignore(self, reason: str) -> None:
        self.ignored[reason] += 1

    @property
    def scores(self) -> list[tuple[str, str, float]]:
        return [
            (event.customer_id, str(event.score.metric), event.score.value)
            for event in self.events
            if event.score
        ]


def table(separator: str) -> str:
    lines = [
        separator.join(f'"{cell}"' if separator in cell else cell for cell in row)
        for row in [HEADER, *ROWS]
    ]
    return "\r\n".join(lines) + "\r\n"


EXPECTED = [("M-1", "nps", 9), ("M-1", "csat", 4), ("M-4", "csat", 2)]


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(";", "utf-8-sig"), (",", "utf-8"), ("\t", "utf-16"), (";", "windows-1254"), ("|", "utf-8")],
)
def test_a_table_is_read_however_it_was_saved(
    tmp_path: Path, mapping: Mapping, separator: str, encoding: str
) -> None:
    found = Import(tmp_path / "f.csv", table(separator).encode(encoding), mapping)
    assert found.scores == EXPECTED
    assert {event.occurred_at for event in found.events} == {
        datetime(2026, 1, 31, 11, 5, tzinfo=UTC),
        datetime(2026, 1, 31, 11, 8, tzinfo=UTC),
    }
    assert [(line.line, str(line.reason)) for line in found.bad] == [
        (3, "missing_field"),
        (5, "score_out_of_scale"),
    ]
    assert found.ignored == {"test_row": 1}
    assert "columns: No, Tarih, Müşteri No, Şube, NPS, Memnuniyet, Yorum" in found.notes[0]


def test_a_workbook_is_read_with_its_times(tmp_path: Path, mapping: Mapping) -> None:
    cells: list[list[object]] = [[*row] for row in ROWS[:1]]
    cells[0][1] = datetime(2026, 1, 31, 14, 5)
    cells[0][4] = 9
    found = Import(tmp_path / "f.xlsx", workbook([HEADER, *cells]), mapping)
    assert found.scores == EXPECTED[:2]
    assert found.events[0].occurred_at == datetime(2026, 1, 31, 11, 5, tzinfo=UTC)
    assert "sheet “Yanıtlar”" in found.notes[0]


def test_the_zone_of_the_connection_goes_before_that_of_the_calendar(
    tmp_path: Path, mapping: Mapping
) -> None:
    found = Import(tmp_path / "f.csv", table(";").encode(), mapping, timezone="Europe/Berlin")
    assert found.events[0].occurred_at == datetime(2026, 1, 31, 13, 5, tzinfo=UTC)


def test_a_table_without_names_has_those_of_the_connection(
    tmp_path: Path, mapping: Mapping
) -> None:
    body = table(";").partition("\r\n")[2].encode()
    assert Import(tmp_path / "f.csv", body, mapping, columns=HEADER).scores == EXPECTED


def as_csv(rows: list[list[str]], separator: str = ";") -> bytes:
    return "".join(f"{separator.join(row)}\r\n" for row in rows).encode()


TITLES = [
    ["Müşteri anketi raporu", "", "", "", "", "", ""],
    ["", "", "", "", "", "", ""],
    ["Dönem", "Ocak 2026", "", "", "", "", ""],
]


@pytest.mark.parametrize("titles", [TITLES, [["Rapor, Ocak 2026"]], [["Rapor"], [], ["NPS", "2"]]])
def test_lines_above_the_names_of_columns_are_passed_over(
    tmp_path: Path, mapping: Mapping, titles: list[list[str]]
) -> None:
    rows = [*titles, HEADER, ROWS[0], ["2", "31.01.2026 14:06", "", "", "", "", ""]]
    found = Import(tmp_path / "f.csv", as_csv(rows), mapping)
    assert found.scores == EXPECTED[:2]
    assert [bad.line for bad in found.bad] == [len(rows)]
    assert "columns: No, Tarih, Müşteri No" in found.notes[0]
    assert "above" in found.notes[0]
    padded = [[*row, *[""] * (len(HEADER) - len(row))] for row in rows]
    assert Import(tmp_path / "f.xlsx", workbook(padded), mapping).scores == EXPECTED[:2]


def test_names_that_are_configured_tell_which_row_has_them(
    tmp_path: Path, mapping: Mapping
) -> None:
    """However full the rows are, and whatever stands above them."""
    renamed = ["No", "Tarih", "Müşteri No", "Şube", "Nasıldık?", "Memnuniyet", ""]
    titles = [["Rapor", "a", "b", "c", "d", "e", "f"]]
    body = as_csv([*titles, renamed, *ROWS[:1]])
    questions = {"Nasıldık?": {"metric": "nps"}}
    found = Import(tmp_path / "f.csv", body, mapping, questions=questions)
    assert "columns: No, Tarih, Müşteri No" in found.notes[0]
    assert found.scores == [("M-1", "nps", 9)]


def test_columns_by_what_they_are_do_not_take_the_place_of_those_of_the_file(
    tmp_path: Path, mapping: Mapping
) -> None:
    columns = {"occurred_at": "Tarih"}
    found = Import(tmp_path / "f.csv", as_csv([HEADER, *ROWS[:1]]), mapping, columns=columns)
    assert found.scores == EXPECTED[:2]


def test_a_file_that_names_its_columns_otherwise_ordered_is_read_by_its_names(
    tmp_path: Path, mapping: Mapping
) -> None:
    columns = [*reversed(HEADER), "Bölge"]
    found = Import(tmp_path / "f.csv", as_csv([*TITLES, HEADER, *ROWS]), mapping, columns=columns)
    assert found.scores == EXPECTED


AMERICAN = ["1/2/2026 10:00", "12/31/2025 9:05 PM"]


def dated(times: list[str]) -> list[list[str]]:
    return [[str(n), time, f"M-{n}", "", "9", "", "1/13/1 kez"] for n, time in enumerate(times)]


def test_months_come_first_where_some_dates_can_be_nothing_else(
    tmp_path: Path, mapping: Mapping
) -> None:
    expected = [
        datetime(2026, 1, 2, 7, tzinfo=UTC),
        datetime(2025, 12, 31, 18, 5, tzinfo=UTC),
    ]
    found = Import(tmp_path / "f.csv", as_csv([HEADER, *dated(AMERICAN)], ","), mapping)
    assert [event.occurred_at for event in found.events] == expected
    assert "month first" in found.notes[0]
    lines = "".join(
        f'{{"No": {n}, "Tarih": "{time}", "Müşteri No": "M-{n}", "NPS": 1}}\n'
        for n, time in enumerate(AMERICAN)
    )
    found = Import(tmp_path / "f.jsonl", lines.encode(), mapping)
    assert [event.occurred_at for event in found.events] == expected


def test_days_come_first_where_some_dates_can_be_nothing_else(
    tmp_path: Path, mapping: Mapping
) -> None:
    rows = dated(["1/2/2025 10:00", "31/12/2025", "12/31/2025"])
    found = Import(tmp_path / "f.csv", as_csv([HEADER, *rows], ","), mapping)
    assert [event.occurred_at.date().isoformat() for event in found.events] == [
        "2025-02-01",
        "2025-12-31",
    ]
    assert [bad.line for bad in found.bad] == [4]
    assert "month first" not in found.notes[0]


def test_json_lines_are_rows_too(tmp_path: Path, mapping: Mapping) -> None:
    line = '{"No": 7, "Tarih": "2026-01-31T14:05:00+03:00", "Müşteri No": "M-7", "NPS": 0}\n'
    found = Import(tmp_path / "f.jsonl", (line + "{not json}\n").encode(), mapping)
    assert found.scores == [("M-7", "nps", 0)]
    assert [(bad.line, str(bad.reason)) for bad in found.bad] == [(2, "not_json")]


def test_the_same_row_has_the_same_id_whenever_it_is_imported(
    tmp_path: Path, mapping: Mapping
) -> None:
    first = Import(tmp_path / "a.csv", table(";").encode(), mapping)
    again = Import(tmp_path / "b.csv", table(",").encode(), mapping)
    assert [e.event_id for e in first.events] == [e.event_id for e in again.events]
    assert first.events[0].event_id == "kiosk:1:NPS"
