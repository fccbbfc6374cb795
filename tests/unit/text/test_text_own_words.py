"""What in a message is its author's own, and where it stands."""

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.event import MAX_TEXT
from pipeline.text.automatic import is_automatic_title
from pipeline.text.own_words import hints_at_others, own_words

CASES = yaml.safe_load(Path(__file__).with_name("own_words.yaml").read_text("utf-8"))
WHOLE, AUTOMATIC = CASES.pop("whole"), CASES.pop("automatic")
NAMED = {f"{kind}: {name}": case for kind, cases in CASES.items() for name, case in cases.items()}
PARTS = [
    *(line for case in NAMED.values() for line in case["text"].splitlines(keepends=True)),
    *(line for text in AUTOMATIC for line in text.splitlines(keepends=True)),
    *("\n", "\r\n", " ", "> ", "a", "Çok kötü. ", "İ", "\ud800", "\x00", "😡", "-- \n", "Ali\n"),
]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", NAMED)
def test_what_others_and_programs_wrote_is_left_out(name: str) -> None:
    assert lines(own_words(NAMED[name]["text"]).text) == lines(NAMED[name]["own"])


@pytest.mark.parametrize("text", WHOLE)
def test_no_sentence_of_the_author_is_lost(text: str) -> None:
    assert own_words(text).text == text


@pytest.mark.parametrize("text", AUTOMATIC)
def test_an_automatic_reply_has_no_words_of_an_author(text: str) -> None:
    assert own_words(text) == ("", ())


@pytest.mark.parametrize(
    "title",
    [
        *(
            "Otomatik yanıt: İade",
            "OTOMATİK YANIT: İade",
            "Otomatik Yanıt Re: İade",
            "[Auto-Reply] Refund",
        ),
        *(
            "Ofis dışında: Re: İade",
            "Ofis Dışındayım Re: İade",
            "Ofis dışındayım",
            "Yıllık izindeyim",
        ),
        *("Yıllık izindeyim Re: İade", "Out of Office Re: Refund", "Out of office: Refund"),
        *("Automatic reply: Refund", "Automatische Antwort: Geld"),
    ],
)
def test_a_title_says_that_a_reply_is_automatic(title: str) -> None:
    assert is_automatic_title(title)


@pytest.mark.parametrize(
    "title",
    [
        *(
            "Otomatik yanıt aldım, kimse dönmedi",
            "Otomatik yanıt",
            "Otomatik yanıt - kimse dönmüyor",
        ),
        *("Out of office reply is all I get", "Re: Otomatik yanıt: İade", "İade", "", None),
        *(
            "Teslim edilemedi: siparişim",
            "Yıllık izin: bakiyem yanlış",
            "Out of office chairs again?",
        ),
    ],
)
def test_titles_of_people_are_told_from_it(title: str | None) -> None:
    assert not is_automatic_title(title)


def test_what_is_left_says_where_it_stands() -> None:
    text = "> Her şey harika.\nHayır.\n> İadeniz yolda.\nYatmadı!\n"
    own = own_words(text)
    assert own.text == "Hayır.\nYatmadı!\n"
    start = own.text.index("Yatmadı")
    assert text[slice(*own.place(start, start + 7))] == "Yatmadı"


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join) | st.text())
def test_what_is_left_is_of_the_text_says_something_and_is_all_own(text: str) -> None:
    own = own_words(text)
    assert "".join(text[start:end] for start, end in own.spans) == own.text
    assert own_words(own.text).text == own.text
    assert any(map(str.isalnum, own.text)) or own.text == text or own.text == ""
    if not hints_at_others(text):
        assert own.text == text


@pytest.mark.parametrize(
    "part", sorted({*PARTS, *"\t-_*>:<(", "wrote:", "yazdı:", "x wrote:\n>a\n"})
)
def test_no_text_takes_long(part: str) -> None:
    text = (part * MAX_TEXT)[:MAX_TEXT]
    begin = time.process_time()
    own_words(text)
    assert time.process_time() - begin < 2
