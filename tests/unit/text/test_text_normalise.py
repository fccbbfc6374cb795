import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.normalise import SEPARATOR, fold


def normalised(text: str) -> str:
    return fold([text]).text.strip()


ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=40),  # with lone surrogates
    st.text("iıİIşŞ\u0307\u200b!o 😡👍🏽@:)(/w.\n", max_size=40),
)


@pytest.mark.parametrize(
    "spellings",
    [
        ("ŞİKÂYET", "şikâyet", "şikayet", "Şikayet", "sikayet", "SIKAYET", "s\u0327ikayet"),
        ("IŞIK", "ışık", "Işık", "isik", "İŞIK"),
        ("İSTANBUL", "istanbul", "i\u0307stanbul", "Istanbul"),
        ("çok", "cok", "ÇOK", "çooooook", "COOOOK", "ç\u200bok", "\ufeffçok", "c\u0327ok"),
        ("Turkcell'in", "turkcell’in", "TURKCELLİN", "ｔｕｒｋｃｅｌｌin"),
        ("güzel", "guzel", "𝐠𝐮𝐳𝐞𝐥", "GÜZEL", "gu\u0308zel"),
    ],
)
def test_one_word_typed_in_many_ways_is_one_word(spellings: tuple[str, ...]) -> None:
    assert len({normalised(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("@thy bak https://t.co/aB1?x=1 !", "M bak L !"),
        ("IBAN: [IBAN********] oldu", "iban: X oldu"),
        ("😡 çok  kötü\n:(", "A cok kotu S"),
        ("👍🏽", "P"),
        ("❤️", "V"),
        ("harika!!!!!!", "harika!!"),
        ("1000000 TL", "1000000 tl"),
        ("elli kilo, cool", "elli kilo, cool"),
        ("a\ud800b", "ab"),
        ("", ""),
    ],
)
def test_folds(text: str, folded: str) -> None:
    assert normalised(text) == folded


@given(st.lists(ANY_TEXT, max_size=5))
@settings(max_examples=150)
def test_a_batch_is_its_texts_one_after_the_other(texts: list[str]) -> None:
    batch = fold(texts)
    assert batch.text == "".join(fold([text]).text for text in texts)
    assert (batch.codes == SEPARATOR).sum() == len(texts) == len(batch.starts)


@given(st.lists(ANY_TEXT, max_size=3))
@settings(max_examples=150)
def test_every_letter_knows_where_it_comes_from(texts: list[str]) -> None:
    folded = fold(texts)
    for place, letter in enumerate(folded.text):
        if letter.isascii() and letter.islower():
            text, start, end = folded.span(place, place + 1)
            plain = unicodedata.normalize("NFKD", texts[text][start:end]).casefold()
            assert letter in plain.replace("ı", "i")
