"""Answers of a survey: which question is which metric, the connection says."""

from collections import defaultdict
from collections.abc import Container, Iterator
from typing import Any

import msgspec

from pipeline.connectors.binding import Splitter
from pipeline.connectors.compiler import Compiler
from pipeline.connectors.expression import Scope
from pipeline.connectors.fields import evaluated, score_of, text_of
from pipeline.connectors.form import Answers
from pipeline.connectors.outcome import Draft
from pipeline.model.event import USUAL_SCALES


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a question of a survey means, as a connection says.

    Either its answer is a score of a `metric`, on the metric's usual scale unless `scale` gives
    another, or it is the reason for the answer to the question `comment_of`. `values` has the
    numbers of answers that are words.
    """

    metric: str = ""
    comment_of: str = ""
    scale: tuple[float, float] | None = None
    values: dict[str, float] = {}

    def flaw(self, others: Container[str]) -> str | None:
        """Return what is wrong with it beside the other questions, None where nothing is."""
        if self.metric and self.metric not in USUAL_SCALES:
            return f"`{self.metric}` is no metric: {', '.join(USUAL_SCALES)}"
        if bool(self.metric) == bool(self.comment_of):
            return "give either `metric` or `comment_of`"
        if self.comment_of and self.comment_of not in others:
            return f"`comment_of`: there is no question `{self.comment_of}`"
        return None

    def score(self, answer: Any) -> dict[str, Any]:
        """Return the score that an answer is. Raises Invalid."""
        low, high = self.scale or USUAL_SCALES[self.metric]
        value = self.values.get(str(answer), answer)
        return score_of({"metric": self.metric, "value": value, "min": low, "max": high})


class SurveyReader:
    """Reads the answers of a response."""

    def __init__(self, form: Answers, compiler: Compiler, where: str) -> None:
        """Compile how answers are found. Raises MappingError."""
        self._splitter = Splitter(form.each, compiler, f"{where}.each")
        compiler = self._splitter.compiler
        self._question = compiler.required(form.question, f"{where}.question")
        self._value = compiler.required(form.value, f"{where}.value")
        compiler.needs.add("questions")

    def answers(self, scope: Scope, draft: Draft) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each question that is counted, with the fields of its event. Raises Invalid.

        A comment goes with the score that it explains, once, and alone where that was not given.
        """
        questions: dict[str, Question] = scope.names["connection"].get("questions") or {}
        scores: dict[str, Any] = {}
        comments: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for part in self._splitter.parts(scope, draft):
            name = str(evaluated("question", self._question, part))
            value = evaluated("answer", self._value, part)
            if value is None or (question := questions.get(name)) is None:
                continue
            if question.metric:
                scores[name] = question.score(value)
            elif text := text_of("text", value):
                comments[question.comment_of].append((name, text))
        for name, score in scores.items():
            text = "\n".join(text for _, text in comments.pop(name, ()))
            yield name, {"score": score, **({"text": text} if text else {})}
        for left in comments.values():
            yield left[0][0], {"text": "\n".join(text for _, text in left)}
