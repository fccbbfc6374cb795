"""The explanation of a reading: which words made it, and that no text is too odd for it."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.text.auto import AutoEngine
from pipeline.text.explain import MAX_PARTS, STRONG, WEAK, Part, explain
from pipeline.text.open import load_engine
from tests.unit.text.engines import Constant, Wordy

FAST = load_engine("fast")


@pytest.mark.parametrize(
    ("text", "label", "word"),
    [
        ("ürün berbat çıktı", "negative", "berbat"),
        ("the staff was wonderful today", "positive", "wonderful"),
    ],
)
def test_the_word_that_says_it_weighs_most(text: str, label: str, word: str) -> None:
    explanation = explain(text, FAST)
    heaviest = max(explanation.parts, key=lambda part: part.weight)
    assert explanation.reading.label == label
    assert text[heaviest.start : heaviest.end] == word
    assert heaviest.weight > 0


def test_a_word_against_the_label_weighs_less_than_nothing() -> None:
    explanation = explain("harika dediler ama berbat, tam bir rezalet", FAST)
    assert explanation.reading.label == "negative"
    assert explanation.parts[0].weight < 0 < explanation.parts[-1].weight


@pytest.mark.parametrize(
    ("weight", "says"),
    [
        (STRONG, "strong"),
        (STRONG - 0.01, "weak"),
        (WEAK, "weak"),
        (WEAK - 0.01, ""),
        (0.01 - WEAK, ""),
        (-WEAK, "against"),
        (-STRONG, "against"),
    ],
)
def test_what_a_word_says_follows_from_its_weight(weight: float, says: str) -> None:
    assert Part(0, 1, weight).says == says


def test_under_auto_the_engine_that_read_the_text_explains_it() -> None:
    auto = AutoEngine(Constant(0.4, 0.3, 0.3), Wordy(), doubt=0.9)
    explanation = explain("hizmet berbat", auto)
    assert explanation.reading.engine == "wordy"
    assert [part.weight > 0.1 for part in explanation.parts] == [False, True]


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300))
@example("")
@example("😡😡😡")
@example("https://a.example/b")
@example("\ud83d tek başına")
@example("<script>alert('x')</script>")
@example("שלום עולם \u202eters")
@example("\u200bgörünmez\u200b")
@example("kelime " * 2_800)
def test_parts_lie_on_any_text_in_order(text: str) -> None:
    parts = explain(text, FAST).parts
    assert len(parts) <= MAX_PARTS
    assert all(0 <= part.start < part.end <= len(text) for part in parts)
    assert all(one.end <= other.start for one, other in pairwise(parts))
    kept = "".join(text[part.start : part.end] for part in parts)
    assert "".join(kept.split()) == "".join(text.split())


def test_what_is_quoted_explains_nothing() -> None:
    text = "> Her şey harika.\n\nBerbat, iade istiyorum.\n"
    parts = explain(text, load_engine("fast")).parts
    assert [text[part.start : part.end] for part in parts] == ["Berbat,", "iade", "istiyorum."]
