"""A reading as it travels, and beside the score it came with."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.event import Metric, Score
from pipeline.model.reading import LABELS, Label, Probabilities, Reading, Topic, is_against_score

MIXED = (Topic("product_quality", "positive", 0, 8), Topic("delivery", "negative", 9, 25))
NPS = {"metric": Metric.NPS, "scale_min": 0, "scale_max": 10}
RATING = {"metric": Metric.RATING, "scale_min": 1, "scale_max": 5}


def reading(label: Label, *topics: Topic) -> Reading:
    return Reading(label, Probabilities(0.2, 0.3, 0.5), 0.5, "tr", "fast", "1", topics=topics)


def test_a_reading_of_the_version_before_is_read() -> None:
    earlier = (
        b'{"label":"negative","probabilities":{"negative":0.9,"neutral":0.1,"positive":0},'
        b'"intensity":0.7,"language":"tr","engine":"fast","version":"1",'
        b'"intents":[{"name":"churn","start":0,"end":4}]}'
    )
    decoded = msgspec.json.decode(earlier, type=Reading)
    assert (decoded.anger, decoded.urgency, decoded.topics) == (0, 0, ())


@pytest.mark.parametrize(
    ("scale", "value", "read", "expected"),
    [
        (NPS, 10, reading("negative"), True),
        (NPS, 10, reading("neutral", *MIXED), True),  # "10 verdim ama kargo berbat"
        (NPS, 10, reading("positive", MIXED[0]), False),
        (NPS, 10, reading("neutral"), False),
        (NPS, 8, reading("negative"), False),
        (NPS, 6, reading("positive"), True),
        (NPS, 6.5, reading("positive"), True),
        (NPS, 7, reading("positive"), False),
        (NPS, 0, reading("negative", *MIXED), False),
        (RATING, 4, reading("negative"), True),
        (RATING, 2, reading("positive"), True),
        (RATING, 3, reading("positive"), False),
    ],
)
def test_words_can_be_against_the_score(
    scale: dict[str, object], value: float, read: Reading, expected: bool
) -> None:
    assert is_against_score(read, Score(value=value, **scale)) is expected  # type: ignore[arg-type]


@given(st.sampled_from(list(Metric)), st.floats(-5, 15), st.sampled_from(LABELS))
def test_no_score_is_good_and_bad_and_neutral_words_are_against_none(
    metric: Metric, value: float, label: Label
) -> None:
    score = Score(metric, value, -5, 15)
    assert not (score.is_good and score.is_bad)
    assert not is_against_score(reading("neutral"), score)
    assert is_against_score(reading(label), score) == (
        (score.is_good and label == "negative") or (score.is_bad and label == "positive")
    )
