"""Tables as Excel and survey tools export them become events; a bad row stops no other."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.pseudonyms import Pseudonyms
from pipeline.model.dead_letter import Reason
from pipeline.model.event import AuthorType, Event, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.sources.csv_cells import COLUMNS, month_first, plain_name, time
from pipeline.sources.files import SOURCES, BadLine, read
from pipeline.sources.source import Note, SourceError
from pipeline.sources.table import names_at, read_rows

ISTANBUL = ZoneInfo("Europe/Istanbul")
Items = Sequence[Event | BadLine | Note]
Table = Callable[..., Items]

ROWS = """\
Tarih;Müşteri No;Kanal;Tür;Şikâyet;Puan;Bölge
28.02.2026 09:30;m-7;web;şikâyet;"Şişe kırık; iğrenç ""kokuyor""
ikinci satır";1,5;Ege
"""


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Read a table that is saved so."""

    def read_table(text: str, encoding: str = "utf-8", end: str = "\n") -> Items:
        file = tmp_path / "table.csv"
        file.write_bytes(text.replace("\n", end).encode(encoding, "surrogateescape"))
        return list(read(file, SOURCES["csv"], ISTANBUL))

    return read_table


def events(items: Items) -> list[Event]:
    return [one for one in items if isinstance(one, Event)]


def bad(items: Items) -> list[tuple[int, Reason]]:
    return [(one.line, one.reason) for one in items if isinstance(one, BadLine)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1254", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_row_is_the_same_event_however_it_is_saved(
    table: Table, separator: str, encoding: str, end: str
) -> None:
    text = ROWS.replace("1,5", '"1,5"').replace(";", separator)
    note, event = table(text, encoding, end)
    assert event == Event(
        event_id=event.event_id,  # type: ignore[union-attr]
        occurred_at=datetime(2026, 2, 28, 6, 30, tzinfo=UTC),
        customer_id="m-7",
        channel="web",
        type=EventType.COMPLAINT,
        text=f'Şişe kırık{separator} iğrenç "kokuyor"{end}ikinci satır',
        score=Score(Metric.RATING, 1.5, 1, 5),
        attributes={"Bölge": "Ege"},
    )
    assert isinstance(note, Note)
    assert "Europe/Istanbul" in note.sentence("en")
    assert "Europe/Istanbul sayıldı" in note.sentence("tr")
    assert "customer_id (Müşteri No)" in note.sentence("en")


def test_names_of_columns_are_english_too_and_in_any_spelling(table: Table) -> None:
    text = (
        "Response ID,Created At,CUSTOMER_ID,Comment,author\n"
        "r1,2026-02-28T09:30:00Z,m-1,fine,temsilci\n"
    )
    [event] = events(table(text))
    assert event == Event(
        event_id="r1",
        occurred_at=datetime(2026, 2, 28, 9, 30, tzinfo=UTC),
        customer_id="m-1",
        channel="file",
        type=EventType.MESSAGE,
        text="fine",
        author_type=AuthorType.AGENT,
    )


def test_every_score_of_a_row_counts_and_its_words_once(table: Table) -> None:
    text = "id;tarih;müşteri;yorum;NPS;Memnuniyet\n5;1.3.2026;m;kötü;2;\n6;1.3.2026;m;iyi;9;4,0\n"
    first, second, further = events(table(text))
    assert (first.type, first.channel, first.text) == (EventType.SURVEY, "survey", "kötü")
    assert first.score == Score(Metric.NPS, 2, 0, 10)
    assert (second.event_id, second.text, second.score) == ("6", "iyi", Score(Metric.NPS, 9, 0, 10))
    assert (further.event_id, further.text) == ("6-csat", None)
    assert further.score == Score(Metric.CSAT, 4, 1, 5)


def test_a_score_may_say_its_metric_and_its_scale(table: Table) -> None:
    text = (
        "tarih,müşteri,score,metric,scale_min,scale_max\n"
        "1.3.2026,m,7,rating,1,10\n"
        "1.3.2026,n,7,CES,,\n"
    )
    assert [event.score for event in events(table(text))] == [
        Score(Metric.RATING, 7, 1, 10),
        Score(Metric.CES, 7, 1, 7),
    ]


def test_a_bad_row_is_reported_with_its_line_and_the_others_go_on(table: Table) -> None:
    text = (
        "\n"
        "id;tarih;müşteri;metin;puan\n"
        'a;1.3.2026 10:00;m;"iki\nsatır";4\n'
        "b;31.02.2026 10:00;m;;4\n"
        "c;1.3.2026;m;x;dört\n"
        "d;1.3.2026;m;x;9\n"
        "e;1.3.2026;;x;4\n"
        ";;;;\n"
        'f;1.3.2026;m;"kapanmayan;4\n'
        "g;1.3.2026;m;ayraç; var;4\n"
        "h;1.3.2026;m;\udcfe;4\n"
        "i;1.3.2026;m;son"
    )
    items = table(text)
    assert [event.event_id for event in events(items)] == ["a", "i"]
    assert bad(items) == [
        (5, Reason.WRONG_TYPE),
        (6, Reason.WRONG_TYPE),
        (7, Reason.SCORE_OUT_OF_SCALE),
        (8, Reason.MISSING_FIELD),
        (10, Reason.WRONG_TYPE),
        (11, Reason.WRONG_TYPE),
        (12, Reason.NOT_UTF8),
    ]


ADDRESSED = """\
Mesaj No;Tarih;Müşteri No;Talep No;Sipariş No;Hesap No;NPS;CSAT
ayse@x.example;1.3.2026;+905321112233;T-1;S-1;0212 444 55 66;9;4
m-2;1.3.2026;0532 111 22 33;wa:905321112233;a@x.example;H-1;9;
"""


def test_no_address_of_a_person_becomes_an_id(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(ADDRESSED, encoding="utf-8")
    keyed = Pseudonyms("k")
    first, further, second = events(list(read(file, SOURCES["csv"], ISTANBUL, keyed)))
    person = keyed.of("905321112233")
    assert {first.customer_id, further.customer_id, second.customer_id} == {person}
    assert (first.ticket_id, first.order_id) == ("T-1", "S-1")
    assert first.account_id == keyed.of("902124445566")
    assert (second.event_id, second.ticket_id) == ("m-2", person)
    assert first.event_id != further.event_id
    assert "ayse" not in first.event_id + further.event_id
    assert not any("x.example" in str(event) for event in (first, further, second))


def test_without_a_key_rows_of_addresses_are_refused_and_say_what_to_do(table: Table) -> None:
    items = table(ADDRESSED + "m-3;1.3.2026;M-3;;;;9;\n")
    assert [event.customer_id for event in events(items)] == ["M-3"]
    assert bad(items) == [(2, Reason.WRONG_TYPE), (3, Reason.WRONG_TYPE)]
    sentences = [one.sentence for one in items if isinstance(one, BadLine)]
    assert all("set `pseudonym_key_file`" in sentence for sentence in sentences)


def test_a_row_without_an_id_is_the_same_event_again_and_no_other(table: Table) -> None:
    text = "tarih;müşteri;metin\n1.3.2026;m;bir\n1.3.2026;m;iki\n"
    first = [event.event_id for event in events(table(text))]
    again = events(table(text.replace(";", ","), "utf-16", "\r\n"))
    assert [event.event_id for event in again] == first
    assert len(set(first)) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a;b\n1;2\n", "no column for occurred_at"),
        ("tarih;metin\n1.3.2026;x\n", "no column for customer_id"),
        ("tarih;m\x1b[2J\n", "no column for customer_id"),
    ],
)
def test_a_table_without_what_every_event_needs_is_refused(
    table: Table, text: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words) as refused:
        table(text)
    assert "\x1b" not in str(refused.value)


def test_utf16_without_a_mark_is_refused_in_words(table: Table) -> None:
    with pytest.raises(SourceError, match="CSV UTF-8"):
        table(ROWS, "utf-16-le")


def test_what_excel_says_of_the_separator_is_heeded(table: Table) -> None:
    assert len(events(table("sep=,\ntarih,müşteri\n1.3.2026,m\n"))) == 1


@pytest.mark.parametrize(
    "titles",
    [
        "Müşteri anketi raporu;;;\n;;;\nDönem;Ocak 2026;;\n",
        "Rapor, Ocak, Şubat, Mart, Nisan\n\n",
        'Yorum\nHazırlayan: "Ayşe\n',
        "sep=;\nRapor\n",
    ],
)
def test_lines_above_the_names_of_columns_are_passed_over(table: Table, titles: str) -> None:
    text = f"{titles}tarih;müşteri;yorum;bölge\n1.3.2026;m;iyi;\n1.3.2026;;x;\n"
    items = table(text)
    assert [event.text for event in events(items)] == ["iyi"]
    assert bad(items) == [(text.count("\n"), Reason.MISSING_FIELD)]


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        (["a;b;c", "1;2;3"], 0),
        (["Rapor;;", ";Ocak;", "a;b;c", "1;2;", "1;2;3"], 2),
        (["a;b;c", "1;2;3", "1;2;3;fazla", "1;2;3"], 0),
        (["Rapor"], 0),
        (["Rapor", "a;b", "1;"], 1),
        (["Rapor", "Ocak", "Ankara", "a;b;c", "1;2;3"], 3),
    ],
)
def test_without_a_name_that_is_known_the_names_are_in_the_first_full_row(
    rows: list[str], place: int
) -> None:
    read = read_rows("\n".join(rows).encode(), lambda _: 0).rows
    assert names_at(read, lambda _: 0) == place


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("31.01.2026 14:05", "2026-01-31T11:05Z"),
        ("31/01/2026 14:05:30", "2026-01-31T11:05:30Z"),
        ("1-2-2026 9.05", "2026-02-01T06:05Z"),
        ("31.01.26", "2026-01-30T21:00Z"),
        ("31 Ocak 2026, 14:05", "2026-01-31T11:05Z"),
        ("31 Ağu. 2026 2:05 ÖS", "2026-08-31T11:05Z"),
        ("31.01.2026 12:05 AM", "2026-01-30T21:05Z"),
        ("2026-01-31 14:05", "2026-01-31T11:05Z"),
        ("46053,586806", "2026-01-31T11:05Z"),
        ("46053", "2026-01-30T21:00Z"),
        ("2026-01-31T14:05:00+01:00", "2026-01-31T13:05Z"),
    ],
)
def test_times_are_read_as_they_are_written(cell: str, moment: str) -> None:
    assert time(cell, ISTANBUL) == datetime.fromisoformat(moment)


def test_months_come_first_only_where_days_cannot() -> None:
    assert month_first(["1/31/2026 10:00", "2/3/2026"])
    assert not month_first(["2/3/2026"])
    assert not month_first(["31/1/2026", "1/31/2026"])
    assert month_first(["31/1/2 kez", "1/31/2026"])
    assert time("2/3/2026", UTC, months_first=True) == datetime(2026, 2, 3, tzinfo=UTC)


def test_no_name_of_a_column_means_two_fields() -> None:
    names = [plain_name(name) for known in COLUMNS.fields.values() for name in known]
    assert sorted(names) == sorted(set(names))
    assert all(
        known[0] == field or field == "time_of_day" for field, known in COLUMNS.fields.items()
    )


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_whatever_stands_between_them_good_rows_are_read(
    tmp_path_factory: pytest.TempPathFactory, between: str
) -> None:
    file = tmp_path_factory.mktemp("any") / "f.csv"
    rows = f"tarih;müşteri;metin\n1.3.2026;m;before\n{between}\n1.3.2026;m;after\n"
    file.write_bytes(rows.encode())
    texts = [event.text for event in events(list(read(file, SOURCES["csv"], UTC)))]
    assert (texts[0], texts[-1]) == ("before", "after")


@given(st.binary())
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "f.csv"
    file.write_bytes(b"tarih;customer\n1.3.2026;m\n" + content)
    with suppress(SourceError):
        assert events(list(read(file, SOURCES["csv"], UTC)))
