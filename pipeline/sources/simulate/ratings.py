"""Surveys and reviews."""

from datetime import timedelta

from pipeline.model.event import USUAL_SCALES, AuthorType, Metric, Score
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate.journey import Journey
from pipeline.sources.simulate.truth import Expectation
from pipeline.sources.simulate.writer import comment, spoken


def rate(j: Journey, metric: Metric) -> None:
    """Be sent a survey, and answer it or not."""
    send_survey(j)
    if j.chance("rates"):
        j.wait(3)
        ask(j, metric)


def send_survey(j: Journey) -> None:
    """Be sent a survey."""
    j.log(T.SURVEY_SENT, "email", "survey", author_type=AuthorType.SYSTEM)


def ask(j: Journey, metric: Metric) -> None:
    """Answer a survey; some customers write why."""
    score = _score(j, metric)
    text = None
    if j.chance("comments"):
        share = (score.value - score.scale_min) / (score.scale_max - score.scale_min)
        mood = ("furious", "negative", "neutral", "positive")[
            (share > 0.1) + (share > 0.45) + (share > 0.7)
        ]
        text = comment(j.rng, j.customer, mood)
    _answer(j, score, text)


def ask_and_contradict(j: Journey) -> None:
    """Answer with a score that the words contradict; what is low despite praise must be seen."""
    low = j.rng.random() < 0.7
    value = j.rng.randrange(0, 5) if low else j.rng.randrange(9, 11)
    words = spoken(j.rng, j.customer, "praises" if low else "blames", product=j.product)
    expects: Expectation = "alert" if low else "either"
    j.ledger.note("score_against_words", expects, j.clock, j.clock + timedelta(days=3))
    _answer(j, Score(Metric.NPS, value, *USUAL_SCALES[Metric.NPS]), words)


def review(j: Journey) -> None:
    """Review what was delivered."""
    mood = "positive" if j.joy > 0.55 else "negative"
    text = j.text("delivery", mood)
    j.log(T.REVIEW, "web", "shop", text=text, score=_score(j, Metric.RATING))


def _answer(j: Journey, score: Score, text: str | None) -> None:
    if score.is_bad:
        j.ledger.note("low_score", "alert", j.clock, j.clock + timedelta(days=3))
    j.log(T.SURVEY, "survey", "survey", score=score, text=text)


def _score(j: Journey, metric: Metric) -> Score:
    low, high = USUAL_SCALES[metric]
    felt = min(1.0, max(0.0, j.rng.gauss(j.joy, 0.12)))
    return Score(metric, low + round(felt * (high - low)), low, high)
