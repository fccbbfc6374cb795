"""Answers of a survey, whose questions the connection maps to metrics."""

from collections import defaultdict
from collections.abc import Container, Iterator
from typing import Any

import msgspec

from pipeline.connectors.binding import Splitter
from pipeline.connectors.fields import evaluated, score_of, text_of
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.form import Answers
from pipeline.connectors.outcome import Draft
from pipeline.model.dead_letter import Invalid
from pipeline.model.event import USUAL_SCALES


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The meaning of a survey's question, as set by a connection.

    The answer is a score of a `metric`, on the metric's usual scale unless `scale` sets another;
    or a comment on the answer to the question `comment_of`; or a comment by itself. `values` maps
    answers in words to numbers, and to null if they are no answer, such as "does not apply".
    """

    metric: str = ""
    comment_of: str | int = ""
    scale: tuple[float, float] | None = None
    values: dict[str, float | None] = {}

    def flaw(self, others: Container[str]) -> str | None:
        """Return the error of the question among the others, or None."""
        if self.metric and self.metric not in USUAL_SCALES:
            return f"`{self.metric}` is no metric: {', '.join(USUAL_SCALES)}"
        if self.metric and self.comment_of:
            return "give either `metric` or `comment_of`"
        if self.comment_of and str(self.comment_of) not in others:
            return f"`comment_of`: there is no question `{self.comment_of}`"
        return None

    def score(self, answer: Any) -> dict[str, Any] | None:
        """Return the score of an answer, None if it is no answer. Raises Invalid."""
        low, high = self.scale or USUAL_SCALES[self.metric]
        word = str(answer).lower() if isinstance(answer, bool) else str(answer)
        value = self.values.get(word, answer)
        if value is None:
            return None
        return score_of({"metric": self.metric, "value": value, "min": low, "max": high})


class SurveyReader:
    """Reads the answers of a response."""

    def __init__(self, form: Answers, compiler: Compiler, where: str) -> None:
        """Compile the paths of answers. Raises MappingError."""
        self._splitter = Splitter(form.each, compiler, f"{where}.each")
        compiler = self._splitter.compiler
        names = form.question if isinstance(form.question, tuple) else (form.question,)
        self._names = tuple(compiler.required(name, f"{where}.question") for name in names)
        self._value = compiler.required(form.value, f"{where}.value")
        compiler.needs.add("questions")

    def answers(self, scope: Scope, draft: Draft) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each question that leads to an event, with the fields of the event.

        A comment goes with the score that it explains, once; without that score it becomes an
        event under the name of the explained question, so that a later score revises it. An
        unreadable answer is refused in the draft. Raises Invalid.
        """
        scores: dict[str, Any] = {}
        comments: defaultdict[str, list[str]] = defaultdict(list)
        for name, question, value in self._known(scope, draft):
            try:
                if question.metric:
                    score = question.score(value)
                    scores |= {name: score} if score else {}
                elif text := text_of("text", value):
                    comments[str(question.comment_of or name)].append(text)
            except Invalid as invalid:
                draft.refused.append(
                    Invalid(invalid.reason, f"Question `{name}`: {invalid.detail}")
                )
        for name, score in scores.items():
            text = "\n".join(comments.pop(name, ()))
            yield name, {"score": score, **({"text": text} if text else {})}
        for name, texts in comments.items():
            yield name, {"text": "\n".join(texts)}

    def _known(self, scope: Scope, draft: Draft) -> Iterator[tuple[str, Question, Any]]:
        """Yield the answers to the questions that the connection knows. Raises Invalid."""
        questions: dict[str, Question] = scope.names["connection"].get("questions") or {}
        for part in self._splitter.parts(scope, draft):
            names = (str(evaluated("question", name, part)) for name in self._names)
            name = next((name for name in names if name in questions), None)
            if name is None:
                continue
            value = evaluated("answer", self._value, part)
            if value not in (None, [], {}):
                yield name, questions[name], value
