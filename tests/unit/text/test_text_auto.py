"""The engine `auto`: who is asked about which text, and what happens when time is short."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.auto import DOUBTFUL, AutoEngine, doubtful_rows
from pipeline.text.consistency import VERSION
from pipeline.text.engine import Engine, FloatArray
from pipeline.text.normalise import Folded
from pipeline.text.reader import Reader
from tests.unit.text.engines import Constant

SECONDS_A_TEXT = 0.5


class Sure(Engine):
    """As sure as the text says: "0.9" is negative with 0.9."""

    name, version = "sure", "1"

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        return np.array([[float(one), 1 - float(one), 0] for one in texts], np.float32)


class Slow(Constant):
    """Finds everything positive, and takes half a second for each text."""

    name = "slow"

    def __init__(self) -> None:
        super().__init__(0, 0, 1)
        self.now = 0.0
        self.asked: list[str] = []
        self.languages: list[str] = []

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        self.now += SECONDS_A_TEXT * len(texts)
        self.asked, self.languages = list(texts), list(languages or [])
        return super().probabilities(texts, folded)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def auto(slow: Slow) -> AutoEngine:
    return AutoEngine(Sure(), slow, doubt=0.8, clock=lambda: slow.now)


def test_only_what_the_first_doubts_is_read_again(auto: AutoEngine, slow: Slow) -> None:
    judged = auto.judge(["0.90", "0.60", "0.80"])
    assert slow.asked == ["0.60"]
    assert [by.name for by in judged.by] == ["sure", "slow", "sure"]
    assert judged.probabilities.argmax(axis=1).tolist() == [0, 2, 0]
    assert judged.hurried == [False, False, False]


def test_the_least_certain_come_first_where_time_is_short(auto: AutoEngine, slow: Slow) -> None:
    # The warm-up, which is longer than these texts, has set the pace: they cost less than it says.
    auto.judge(["0.50"] * 20)
    for _ in range(30):
        auto.judge(["0.50"])
    judged = auto.judge(["0.70", "0.55", "0.60", "0.95"], seconds=2.5 * SECONDS_A_TEXT)
    assert sorted(slow.asked) == ["0.55", "0.60"]
    assert judged.hurried == [True, False, False, False]


def test_without_time_the_first_answers_alone(auto: AutoEngine, slow: Slow) -> None:
    slow.asked = []
    judged = auto.judge(["0.55", "0.99"], seconds=0)
    assert slow.asked == []
    assert [by.name for by in judged.by] == ["sure", "sure"]
    assert judged.hurried == [True, False]


def test_a_reading_names_who_said_it_and_that_it_was_hurried() -> None:
    reader = Reader(AutoEngine(Constant(0.5, 0.3, 0.2), Slow(), doubt=0.8))
    (careful,) = reader.read(["olur"], [None])
    assert (careful.engine, careful.version, careful.label) == (
        "slow",
        f"7~1.2.{VERSION}",
        "positive",
    )
    (hurried,) = reader.read(["olur"], [None], seconds=0)
    assert (hurried.engine, hurried.label) == ("constant", "negative")
    assert (careful.hurried, hurried.hurried) == (False, True)


def test_the_second_is_told_the_languages_of_the_texts_it_gets(slow: Slow) -> None:
    auto = AutoEngine(Sure(), slow, doubt=0.8)
    auto.judge(["0.50", "0.90", "0.60"], None, ["tr", "de", "en"])
    assert dict(zip(slow.asked, slow.languages, strict=True)) == {"0.50": "tr", "0.60": "en"}
    auto.judge(["0.50"])
    assert slow.languages == ["und"]


def test_a_reader_tells_the_languages_it_was_given_or_found(slow: Slow) -> None:
    texts = ["kargo hala gelmedi ve kimse cevap vermiyor", "where is my order", "ok"]
    readings = Reader(slow).read(texts, [None, None, "de-AT"])
    assert slow.languages == [one.language for one in readings] == ["tr", "en", "de"]


def test_its_version_is_that_of_both(auto: AutoEngine) -> None:
    assert auto.version == "1+7~1.2"


@given(st.lists(st.floats(0, 1)), st.floats(0, 1))
def test_the_doubtful_are_those_below_in_order(certainties: list[float], doubt: float) -> None:
    rows = np.zeros((len(certainties), 3))
    rows[:, 0] = certainties
    found = doubtful_rows(rows, doubt)
    assert sorted(found) == [i for i, one in enumerate(certainties) if one < doubt]
    assert [certainties[i] for i in found] == sorted(certainties[i] for i in found)


def test_what_the_caller_questions_is_asked_as_well_in_the_same_order() -> None:
    rows = np.array([[0.5, 0.3, 0.2], [0.9, 0.1, 0], [0.7, 0.2, 0.1], [0.8, 0.1, 0.1]])
    also = np.array([False, True, False, True])
    assert doubtful_rows(rows, 0.55, also) == [0, 3, 1]


def test_a_second_opinion_is_less_sure_than_it_says_and_says_the_same() -> None:
    auto = AutoEngine(Constant(0.4, 0.3, 0.3), Constant(0.1, 0.2, 0.7))
    (row,) = auto.probabilities(["so so"])
    assert row.sum() == pytest.approx(1)
    assert row.argmax() == 2
    # odds of 7 to 2 and 7 to 1, at the temperature DOUBTFUL
    odds = np.array([7.0, 3.5]) ** (1 / DOUBTFUL)
    np.testing.assert_allclose(row[2] / row[:2], odds, rtol=1e-5)
