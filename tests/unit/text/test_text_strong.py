"""The shipped transformer: it knows what people mean, and has an answer to any text."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.model.reading import LABELS
from pipeline.text.auto import DOUBT
from pipeline.text.consistency import VERSION
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from pipeline.text.strong import StrongEngine, prepare

STRONG = StrongEngine.load()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Bu üründen hiç memnun kalmadım.", "negative"),
        ("hic memnun kalmadim", "negative"),
        ("hiç fena değil, gayet güzel", "positive"),
        ("Siparişim ne zaman gelir?", "neutral"),
        ("It broke after two days and nobody answers.", "negative"),
        ("The best phone I have ever had!", "positive"),
        ("Where can I see my invoice?", "neutral"),
    ],
)
def test_it_reads_turkish_and_english(text: str, label: str) -> None:
    assert LABELS[int(STRONG.probabilities([text]).argmax())] == label


def test_an_answer_does_not_depend_on_the_texts_beside_it() -> None:
    texts = ["berbat", "Çok güzel bir oteldi. " * 30, "", "ok", "where is my order", "👍"]
    together = STRONG.probabilities(texts)
    alone = np.concatenate([STRONG.probabilities([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_it_is_deaf_to_how_a_text_is_typed() -> None:
    assert prepare("ÇOOOOK İYİ @ayse https://a.example/b") == "çook iyi @user  "


@settings(deadline=None, max_examples=80)
@given(st.lists(st.text(max_size=80), max_size=6))
@example([])
@example(["", " ", "\ud83d", "\u200b", "שלום \u202e", "<b>x</b>", "😡" * 300, "a" * 20_000])
def test_any_text_has_an_answer(texts: list[str]) -> None:
    shares = STRONG.probabilities(texts)
    assert shares.shape == (len(texts), 3)
    assert np.isfinite(shares).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_a_reading_names_its_version_and_nothing_said_is_neutral() -> None:
    (empty, link) = Reader(STRONG).read(["", "https://a.example/b"], [None, None])
    assert (empty.label, link.label) == ("neutral", "neutral")
    assert empty.probabilities.neutral < 0.6
    assert (empty.engine, empty.version) == ("strong", f"{STRONG.version}.{VERSION}")


def test_the_default_engine_asks_it_where_the_other_is_unsure() -> None:
    auto = load_engine("auto")
    texts = ["rezalet, berbat", "geldi işte ne diyeyim, kutu biraz ezikti ama olsun"]
    judged = auto.judge(texts)
    fast = load_engine("fast").probabilities(texts)
    assert judged.by[0].name == "fast"
    unsure = fast.max(axis=1) < DOUBT
    assert [by.name == "strong" for by in judged.by] == unsure.tolist()
