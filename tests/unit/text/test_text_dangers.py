"""Who is in danger rings, in whatever letters; a figure of speech does not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.dangers import NONE, load
from pipeline.sources.simulate.company import dialogues
from pipeline.text.dangers import DANGERS, NEAR, tells_of_danger
from pipeline.text.intents import cannot_wait
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader

TEXTS = load()
FIGURES = "figure_of_speech"
IN_DANGER = [text for danger in DANGERS for text in TEXTS[danger]]

ASCII = str.maketrans("çğıöşüÇĞİÖŞÜâî", "cgiosuCGIOSUai")


def dangers_of(text: str) -> set[str]:
    (reading,) = Reader(load_engine("fast")).read([text], [None])
    return {intent.name for intent in reading.intents} & DANGERS


@pytest.mark.parametrize("danger", sorted(DANGERS))
def test_texts_of_a_danger_ring(danger: str) -> None:
    assert [text for text in TEXTS[danger] if not tells_of_danger(text)] == []


@pytest.mark.parametrize("text", TEXTS[NONE])
def test_figures_of_speech_and_goods_do_not_ring(text: str) -> None:
    assert not tells_of_danger(text)


def test_figures_of_speech_of_the_simulated_company_do_not_ring() -> None:
    figures = [text for said in (dialogues().tr, dialogues().en) for text in said.lines[FIGURES]]
    assert len(figures) > 10
    assert [text for text in figures if tells_of_danger(text)] == []


def test_who_fears_a_mother_speaks_in_figures_who_fears_a_husband_may_not() -> None:
    assert not tells_of_danger("Annem görürse öldürür beni, paketi komşuya bırakın")
    assert tells_of_danger("Kocam öğrenirse beni öldürür, adresimi vermeyin")


def test_the_texts_are_many_and_none_is_there_twice() -> None:
    texts = [text.casefold() for of_danger in TEXTS.values() for text in of_danger]
    assert len(texts) == len({*texts})
    assert len(IN_DANGER) >= 120
    assert len(TEXTS[NONE]) >= 200
    assert {*TEXTS} == {*DANGERS, NONE}


@given(
    st.sampled_from(IN_DANGER),
    st.sampled_from([str.upper, str.lower, str.title, lambda text: text.translate(ASCII)]),
    st.booleans(),
)
def test_letters_and_signs_do_not_matter(text: str, typed: object, spoken: bool) -> None:
    assert callable(typed)
    other = typed(text)
    assert cannot_wait([re.sub(r"[.,!?]", " ", other) if spoken else other]) == [True]


@given(st.sampled_from(TEXTS["self_harm"]), st.integers(0, 3))
def test_a_danger_rings_in_a_long_text_that_speaks_of_other_things(text: str, times: int) -> None:
    aside = "Geçen ay uygulamanızdan iki paket aldım ve faturamı zamanında ödedim. " * 2
    assert len(aside) > NEAR
    assert cannot_wait([f"{aside * times}{text}. {aside * times}"]) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "artık yaşamak istemiyorum",
        "babam diyaliz hastası, elektrik kesik",
        "I want to kill myself, thank you for everything",
    ],
)
def test_a_danger_is_as_urgent_as_can_be_however_kind_the_words(text: str) -> None:
    (reading,) = Reader(load_engine("fast")).read([text], [None])
    assert reading.urgency == 3


def test_the_place_is_that_of_the_words() -> None:
    text = "Merhaba. Kocam beni dövüyor, lütfen numaramı gizleyin"
    (reading,) = Reader(load_engine("fast")).read([text], [None])
    (first, *_) = reading.intents
    assert (first.name, text[first.start : first.end].strip()) == ("violence", "Kocam beni dövüyor")


def test_what_the_company_wrote_and_the_customer_quotes_does_not_ring() -> None:
    text = "Hayır, iyiyim.\n\n> Kendime zarar vereceğim dediniz, iyi misiniz?"
    assert cannot_wait([text]) == [False]
