"""Where a text is cut into passages that people can read by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.sentences import passage_at, passages, says_something


def cut(text: str, longest: int = 200) -> list[str]:
    return [text[start:end] for start, end in passages(text, longest)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Kargom gelmedi. Arayan da yok!  Neden?", ["Kargom gelmedi.", "Arayan da yok!", "Neden?"]),
        ("Bekledim.Gelmedi", ["Bekledim.", "Gelmedi"]),
        ("“Yarın gelir.” dediler", ["“Yarın gelir.”", "dediler"]),
        ("merhaba\nKargom nerede", ["merhaba", "Kargom nerede"]),
        ("İşlemi\nmobil şube\n’den yaptım", ["İşlemi\nmobil şube\n’den yaptım"]),
        ("31. maddeye göre 1.620 TL kesildi", ["31. maddeye göre 1.620 TL kesildi"]),
        ("Şikayetim T.C. makamlarına gitti", ["Şikayetim T.C. makamlarına gitti"]),
        ("kargom gelmedi. arayan yok", ["kargom gelmedi.", "arayan yok"]),
        ("Yazık!!! Çok yazık…", ["Yazık!!!", "Çok yazık…"]),
        (" \n ", []),
    ],
)
def test_a_text_is_cut_where_its_sentences_end(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_a_long_sentence_is_cut_at_a_pause_into_parts_of_a_like_length() -> None:
    text = "Paramı iade etmediler, beni üç gün beklettiler, sonra da telefonu yüzüme kapattılar"
    assert cut(text, 60) == [
        "Paramı iade etmediler, beni üç gün beklettiler,",
        "sonra da telefonu yüzüme kapattılar",
    ]
    assert cut("bir iki üç dört beş", 10) == ["bir iki üç", "dört beş"]


TEXTS = st.text(st.sampled_from("aşİ1 .,!…\n’\t”"), max_size=200) | st.text(max_size=60)


@given(TEXTS, st.integers(1, 40))
def test_every_word_is_in_one_passage_and_none_is_longer_than_allowed(
    text: str, longest: int
) -> None:
    spans = passages(text, longest)
    ends = [0, *(place for span in spans for place in span), len(text)]
    assert ends == sorted(ends)
    assert all(0 < end - start <= longest for start, end in spans)
    between = zip(ends[::2], ends[1::2], strict=True)
    assert not any(text[start:end].strip() for start, end in between)
    assert all(part == part.strip() for part in cut(text, longest))


@given(TEXTS)
def test_a_place_in_a_passage_leads_to_it(text: str) -> None:
    spans = passages(text, 20)
    for start, end in spans:
        assert passage_at(spans, start) == passage_at(spans, end - 1) == (start, end)


@pytest.mark.parametrize(
    ("text", "something"), [("ATM", False), ("Kartım yutuldu", False), ("ATM kartımı yuttu.", True)]
)
def test_a_thing_that_is_only_named_says_nothing(text: str, *, something: bool) -> None:
    assert says_something(text, (0, len(text))) is something
