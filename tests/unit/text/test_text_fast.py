import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.reading import LABELS
from pipeline.text.fast import FastEngine
from pipeline.text.features import CHARACTER_ORDERS, ngrams
from pipeline.text.normalise import fold

ENGINE = FastEngine.load()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Rezalet bir hizmet, kimse cevap vermiyor", "negative"),
        ("rezalet bi hizmet kimse cevap vermiyo", "negative"),
        ("Çok memnun kaldım, teşekkürler", "positive"),
        ("cok memnun kaldim tesekkurler", "positive"),
        ("memnun değilim", "negative"),
        ("Üyelik formu iki sayfadan oluşur.", "neutral"),
        ("Worst airline ever, my bag is lost again", "negative"),
        ("The crew was wonderful, thank you", "positive"),
        ("What time do you open?", "neutral"),
    ],
)
def test_knows_good_from_bad(text: str, label: str) -> None:
    (row,) = ENGINE.probabilities([text])
    assert LABELS[row.argmax()] == label


@given(st.lists(st.text(st.characters(), max_size=60), max_size=6))
@settings(max_examples=60)
def test_a_text_has_the_same_answer_alone_and_in_any_batch(texts: list[str]) -> None:
    together = ENGINE.probabilities(texts)
    assert together.shape == (len(texts), 3)
    for text, row in zip(texts, together, strict=True):
        np.testing.assert_allclose(row, ENGINE.probabilities([text])[0], rtol=1e-5)
        assert row.sum() == pytest.approx(1, abs=1e-5)


def test_batches_are_cut_without_losing_the_order() -> None:
    texts = [f"{word} {number}" for number in range(300) for word in ("harika", "rezalet")]
    answers = ENGINE.probabilities(texts).argmax(axis=1)
    assert answers.tolist() == [2, 0] * 300


@given(st.text("abc ", min_size=1, max_size=12))
@settings(max_examples=60)
def test_ngrams_are_those_of_the_text(text: str) -> None:
    folded = fold([text, "x"])
    line = folded.text.split("\n")[0]
    characters = next(ngrams(folded))
    assert characters.counts[0] == np.count_nonzero(characters.buckets[:, : characters.starts[1]])
    for order, row in zip(CHARACTER_ORDERS, characters.buckets, strict=True):
        pieces = [line[i : i + order] for i in range(len(line) - order + 1)]
        buckets = row[: characters.starts[1]]
        buckets = buckets[buckets > 0].tolist()
        hashes = dict(zip(pieces, buckets, strict=True))
        assert [hashes[piece] for piece in pieces] == buckets
        assert len(set(hashes.values())) == len(hashes)


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    text = "güzel " * 1_000
    np.testing.assert_array_equal(
        ENGINE.probabilities([text + "rezalet"]), ENGINE.probabilities([text])
    )


@given(st.lists(st.sampled_from(["", "harika", "rezalet " * 400]), max_size=8))
@settings(max_examples=30)
def test_texts_that_are_folded_already_have_the_same_answers(texts: list[str]) -> None:
    np.testing.assert_array_equal(
        ENGINE.probabilities(texts, fold(texts)), ENGINE.probabilities(texts)
    )
