"""How sure an engine is depends on the language of a text; what it says does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.reading import LABELS
from pipeline.text.calibration import Card
from pipeline.text.explain import explain
from pipeline.text.fast import FastEngine
from pipeline.text.reader import Reader

CARD = Card("1", 1, {}, 0.5, {"tr": 2.0, "en": 1.0, "und": 1.5})
TURKISH, ENGLISH = "kargo hala gelmedi ve kimse cevap vermiyor", "where is my order, it is late"
ENGINE = FastEngine.load()


def test_each_language_has_its_own_temperature_and_others_have_one_together() -> None:
    given = CARD.temperatures(["a"] * 4, ["tr", "en", "de", "und"])
    assert given.tolist() == [[1.0], [0.5], [0.75], [0.75]]


def test_a_language_that_nobody_tells_is_found() -> None:
    assert CARD.temperatures([TURKISH, ENGLISH, "ok"], None).tolist() == [[1.0], [0.5], [0.75]]


def test_no_texts_have_no_temperatures() -> None:
    assert CARD.temperatures([], None).shape == (0, 1)


def test_the_language_that_an_event_names_wins_over_detection() -> None:
    (found, told) = Reader(ENGINE).read([TURKISH, TURKISH], [None, "en"])
    assert found.label == told.label
    assert found.probabilities.negative < told.probabilities.negative


@given(st.lists(st.text(max_size=60), min_size=1), st.sampled_from(["tr", "en", "de", "und"]))
def test_no_language_changes_a_label(texts: list[str], language: str) -> None:
    told = ENGINE.probabilities(texts, None, [language] * len(texts))
    certain = np.sort(told, axis=1)
    found = ENGINE.probabilities(texts).argmax(axis=1)
    clear = certain[:, 2] - certain[:, 1] > 1e-6
    np.testing.assert_array_equal(told.argmax(axis=1)[clear], found[clear])


@pytest.mark.parametrize("language", ["tr", "en"])
def test_an_explanation_reads_all_parts_in_the_language_of_the_text(language: str) -> None:
    # Without a word a text may look like one in another language, and be less sure for that alone.
    explanation = explain("berbat ok ok", ENGINE, language)
    label = explanation.reading.label
    whole = getattr(explanation.reading.probabilities, label)
    without = ENGINE.probabilities(["berbat  ok"], None, [language])[0, LABELS.index(label)]
    odds = np.log(whole / (1 - whole)) - np.log(without / (1 - without))
    assert explanation.parts[1].weight == pytest.approx(odds, abs=1e-3)
