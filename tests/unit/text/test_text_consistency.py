"""How anger, urgent intents and scores go together with the polarity of a text."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.config.settings import Settings
from pipeline.detection.rules import load_rules
from pipeline.model.event import Metric, Score
from pipeline.model.reading import Reading
from pipeline.preview import why
from pipeline.text.auto import AutoEngine
from pipeline.text.consistency import MEANT, VERSION
from pipeline.text.cues import REACH
from pipeline.text.engine import FloatArray
from pipeline.text.explain import TITLES, explain
from pipeline.text.intensity import ANGRY
from pipeline.text.normalise import Folded
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.unit.text.engines import Constant, Wordy

FAST = load_engine("fast")
GLAD = Constant(0.0, 0.1, 0.9)
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def read(engine: Constant | Wordy | AutoEngine, text: str, score: Score | None = None) -> Reading:
    (reading,) = Reader(engine).read([text], [None], [score])
    return reading


SAID = ["çok kızgınım", "I'm furious", "harika", "teşekkürler", "rezalet", "!!!", "ÇOK İYİ", "😡"]


@given(
    st.lists(
        st.text(max_size=30) | st.lists(st.sampled_from(SAID), max_size=60).map(" ".join),
        max_size=5,
    ),
    st.tuples(*[st.floats(0.01, 1)] * 3),
)
@example(["çok kızgınım" + " harika" * 500], (0.01, 0.01, 1.0))
def test_no_reading_is_positive_and_angry(
    texts: list[str], odds: tuple[float, float, float]
) -> None:
    for reading in Reader(Constant(*odds)).read(texts, [None] * len(texts)):
        assert reading.label != "positive" or reading.anger < ANGRY
        shares = reading.probabilities
        assert shares.negative + shares.neutral + shares.positive == pytest.approx(1)


@pytest.mark.parametrize(
    "text",
    [
        "Gerçekten çok kızgınım.",
        "SİZE ÇOK KIZGINIM",
        "cok sinirliyim su an",
        "Öfkeliyim",
        "sinirden ağlayacağım",
        "Beni çileden çıkardınız",
        "I'm furious",
        "We’re livid!",
        "I am so angry right now",
        "This makes me so angry",
        "Honestly, we are absolutely fuming",
    ],
)
def test_who_says_to_be_angry_is_not_pleased(text: str) -> None:
    reading = read(GLAD, text)
    assert (reading.label, reading.anger >= ANGRY) == ("negative", True)
    assert reading.probabilities.negative == pytest.approx(MEANT)


@pytest.mark.parametrize(
    "text",
    [
        "kızgındım ama çözdünüz, teşekkürler",
        "Daha önce almadığıma çok kızgınım",
        "Hiç kızgın değilim",
        "furious deals!!!",
        "We were furious, but you solved it",
        "The kids were angry when we had to leave",
        "I'm angry at myself for not coming earlier",
        "this is fucking good",
        "Fast & Furious is great",
    ],
)
def test_who_says_something_else_with_such_words_stays_pleased(text: str) -> None:
    reading = read(GLAD, text)
    assert (reading.label, reading.anger) == ("positive", 0)


def test_in_a_long_text_it_may_be_an_aside() -> None:
    words = "çok kızgınım" + " kutu masa kapı" * 100
    reading = read(GLAD, words)
    assert reading.probabilities.negative == pytest.approx(MEANT * REACH / (len(words) + 3))
    assert (reading.label, reading.anger) == ("positive", ANGRY - 1)


@pytest.mark.parametrize("text", ["Gerçekten çok kızgınım.", "I'm furious"])
def test_it_rings_with_the_rules_as_they_are_delivered(text: str) -> None:
    settings = Settings().detect
    answer = why(text, FAST, load_rules(settings.rules), settings, NOW)
    assert "furious_message" in {one.rule for one in answer.rules}


def test_the_explanation_quotes_it_and_its_title_is_known() -> None:
    text = "Ürün harika ama ÇOK KIZGINIM"
    (cue,) = explain(text, GLAD).cues
    assert (cue.name, cue.label, text[cue.start : cue.end]) == (
        "stated_anger",
        "negative",
        "ÇOK KIZGINIM",
    )
    assert TITLES[cue.name].en == "Says to be angry"


def test_the_version_of_a_reading_tells_that_this_had_a_say() -> None:
    assert read(GLAD, "olur").version == f"7.{VERSION}"


class Asked(Constant):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(0.1, 0.8, 0.1)
        self.texts: list[str] = []

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        self.texts += texts
        return super().probabilities(texts, folded, languages)


GOOD, BAD = Score(Metric.NPS, 10, 0, 10), Score(Metric.CSAT, 1, 1, 5)


@pytest.mark.parametrize(
    ("first", "text", "score", "is_asked"),
    [
        (Constant(0.9, 0.1, 0.0), "Bıktım", None, True),
        (GLAD, "Rezalet bir hizmet", None, True),
        (GLAD, "Bir daha almam", None, True),
        (GLAD, "gayet iyi", BAD, True),
        (Constant(0.9, 0.1, 0.0), "kötü", GOOD, True),
        (GLAD, "gayet iyi", GOOD, False),
        (Constant(0.9, 0.1, 0.0), "kötü", BAD, False),
        (Constant(0.9, 0.1, 0.0), "Kargo geç geldi", None, False),
        (GLAD, "Teşekkürler, harika", None, False),
    ],
)
def test_auto_asks_about_anger_urgent_intents_and_scores_that_disagree(
    first: Constant, text: str, score: Score | None, is_asked: bool
) -> None:
    second = Asked()
    auto = AutoEngine(first, second)
    second.texts = []
    read(auto, text, score)
    assert (text in second.texts) is is_asked


def test_what_auto_had_no_time_to_ask_about_is_hurried_whatever_the_first_is_sure_of() -> None:
    auto = AutoEngine(GLAD, Asked())
    angry, calm = Reader(auto).read(["Rezalet", "gayet iyi"], [None] * 2, seconds=0)
    assert (angry.hurried, calm.hurried) == (True, False)


class SureOfTheWhole(Constant):
    """Doubts what is short."""

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        rows = [(0.9, 0.1, 0.0) if len(one) > 30 else (0.4, 0.3, 0.3) for one in texts]
        return np.array(rows, np.float32).reshape(-1, 3)


def test_a_reading_is_hurried_where_a_clause_of_it_was() -> None:
    text = "kargo geç geldi, fatura yanlış yazılmıştı"
    reader = Reader(AutoEngine(SureOfTheWhole(), Constant(0.1, 0.1, 0.8)))
    (careful,), (hurried,) = (reader.read([text], ["tr"], seconds=left) for left in (60, 0))
    assert len(careful.topics) > 1
    assert (careful.hurried, hurried.hurried) == (False, True)
