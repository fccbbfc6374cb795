"""Turkish typed without Turkish letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.spelling import respelled, with_small_dotless, without_marks
from pipeline.text.strong import StrongEngine
from training.spellings import AT_LEAST, spellings

STRONG = StrongEngine.load()


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("urun cok guzel", "ürün çok güzel"),
        ("musteri hizmetleri", "müşteri hizmetleri"),
        ("kargo geldi, tesekkurler!", "kargo geldi, teşekkürler!"),
        ("urun güzel", "urun güzel"),
        ("", ""),
    ],
)
def test_words_get_their_letters_back_where_a_text_has_none(typed: str, spelled: str) -> None:
    assert respelled(typed) == spelled


@given(st.text())
def test_nothing_but_turkish_letters_changes(text: str) -> None:
    small = text.lower()
    assert without_marks(respelled(small)) == without_marks(small)


def test_strong_reads_the_same_with_and_without_turkish_letters() -> None:
    text = "çok kötü bir ürün, hiç beğenmedim, parama yazık oldu"
    with_letters, without = STRONG.probabilities([text, without_marks(text)], None, ["tr", "tr"])
    assert without == pytest.approx(with_letters, abs=0.02)


def test_strong_reads_the_same_in_capitals_of_a_turkish_keyboard() -> None:
    texts = ["BU ÜRÜN ÇALIŞMIYOR, IŞIĞI YANMIYOR", "bu ürün çalışmıyor, ışığı yanmıyor"]
    in_capitals, in_small = STRONG.probabilities(texts, None, ["tr", "tr"])
    assert in_capitals == pytest.approx(in_small, abs=1e-4)


def test_an_i_of_a_keyboard_without_turkish_letters_may_be_either() -> None:
    assert with_small_dotless("IYI") == "IYI"
    assert with_small_dotless("İYİ AMA IŞIKSIZ") == "İYİ AMA ıŞıKSıZ"
    assert with_small_dotless("Çok iyi bir Internet") == "Çok iyi bir Internet"


def test_one_word_of_a_text_in_no_certain_language_is_left_alone() -> None:
    assert respelled("sure", at_least=2) == "sure"
    assert respelled("urun cok guzel", at_least=2) == "ürün çok güzel"


def test_english_words_are_left_as_they_are() -> None:
    words = "on an urun"  # `urun` would be `ürün`
    english, turkish = (STRONG.probabilities([words], None, [one])[0] for one in ("en", "tr"))
    assert english.tolist() != turkish.tolist()


def test_a_word_is_written_down_as_most_spell_it_if_they_agree() -> None:
    often = ["çözüm yok", "ön kamera"] * AT_LEAST
    mixed = ["on gün", "ön"] * AT_LEAST
    seldom = ["şömine"]
    no_marks = ["cozum"] * 100  # says nothing of how people spell who have the letters
    either = ["IBAN'ım çok"] * 100  # a capital I may be `i` or `ı`
    links = ["çok t.co/abcşıdef"] * 100
    every = [*often, *mixed, *seldom, *no_marks, *either, *links]
    assert spellings(every) == ["gün", "çok", "çözüm"]
