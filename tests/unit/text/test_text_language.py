import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Kargom hâlâ gelmedi, neden kimse cevap vermiyor?", "tr"),
        ("kargom hala gelmedi neden kimse cevap vermiyor", "tr"),
        ("İADE ETMEK İSTİYORUM", "tr"),
        ("@thy bir daha asla binmem https://t.co/abc", "tr"),
        ("My flight was delayed and nobody told us anything", "en"),
        ("where is it", "en"),
        ("Wo bleibt mein Paket? Ich warte seit zwei Wochen.", "de"),
        ("Sehr schlechter Service, nie wieder", "de"),
    ],
)
def test_knows_its_languages(text: str, language: str) -> None:
    assert detect([text]) == [language]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "12345",
        "👍",
        "https://the.and/is",
        "ok",
        "was",
        "hat",
        "one",
        "no",
        "Turkcell hat",
        "Paket mana",
        "Spider-Man",
        "super",
        "Mehmet",
        "Bạn cho mình hỏi cái này với",
        "de la casa es muy buena",
        "Je suis très content du service",
        "Это очень плохо",
        "\ud800",
    ],
)
def test_says_so_where_it_is_not_certain(text: str) -> None:
    assert detect([text]) == ["und"]


@given(st.lists(st.text(st.characters(), max_size=30), max_size=5))
@settings(max_examples=100)
def test_takes_any_text(texts: list[str]) -> None:
    assert set(detect(texts)) <= {"tr", "en", "de", "und"}
    assert len(detect(texts)) == len(texts)
