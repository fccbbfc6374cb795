"""Answers of surveys: which are scores, which are comments, and which are none."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.connectors.connection import ConnectionInvalid, connection_of
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import Draft
from pipeline.model.dead_letter import Reason

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MAPPING = b"""
system: poll
title: {tr: Anket, en: Poll}
transports: [webhook]
things:
  - events:
      - id: r1
        type: survey
        occurred_at: "{received_at}"
        channel: survey
        customer_id: c
        answers:
          each: {answer: "body[]"}
          question: ["{answer.row}", "{answer.id}"]
          value: "{answer.value}"
"""
QUESTIONS = {
    "nps": {"metric": "nps"},
    "csat": {"metric": "csat", "values": {"iyi": 4, "yok": None, "true": 5}},
    "why": {"comment_of": "nps"},
    "free": {},
    "150": {"metric": "ces"},
    "151": {"comment_of": 150},
}


def draft(*answers: dict[str, Any]) -> Draft:
    mapping = Mapping(Path("mapping.yaml"), MAPPING)
    delivery = Delivery("poll", NOW, msgspec.json.encode(answers))
    connection = connection_of("poll", "poll", {"questions": QUESTIONS})
    return mapping.map(delivery, connection, lambda *_: None, {})


def told(drafted: Draft) -> list[tuple[str, float | None, str | None]]:
    return [
        (event.event_id, event.score.value if event.score else None, event.text)
        for event in drafted.events
    ]


@pytest.mark.parametrize(
    ("answers", "events"),
    [
        ([("nps", 3), ("why", "geç")], [("poll:r1:nps", 3, "geç")]),
        ([("why", "geç")], [("poll:r1:nps", None, "geç")]),
        ([("free", "selam")], [("poll:r1:free", None, "selam")]),
        ([("150", 3), ("151", "zor")], [("poll:r1:150", 3, "zor")]),
        ([("csat", "iyi")], [("poll:r1:csat", 4, None)]),
        ([("csat", True)], [("poll:r1:csat", 5, None)]),
        ([("csat", "yok")], []),
        ([("nps", []), ("why", ""), ("other", 1)], []),
    ],
)
def test_answers_are_what_the_connection_says(
    answers: list[tuple[str, Any]], events: list[tuple[str, float | None, str | None]]
) -> None:
    assert told(draft(*({"id": id_, "value": value} for id_, value in answers))) == events


def test_the_first_name_of_a_question_that_is_known_is_taken() -> None:
    assert told(draft({"row": "nps", "id": "csat", "value": 4})) == [("poll:r1:nps", 4, None)]
    assert told(draft({"row": "x", "id": "csat", "value": 4})) == [("poll:r1:csat", 4, None)]


def test_an_answer_that_cannot_be_read_leaves_the_others() -> None:
    drafted = draft({"id": "nps", "value": "?"}, {"id": "csat", "value": 2})
    assert told(drafted) == [("poll:r1:csat", 2, None)]
    assert [invalid.reason for invalid in drafted.refused] == [Reason.WRONG_TYPE]
    assert "`nps`" in drafted.refused[0].detail


def test_a_metric_that_there_is_not_is_refused_with_the_connection() -> None:
    with pytest.raises(ConnectionInvalid, match="npss"):
        connection_of("poll", "poll", {"questions": {"q": {"metric": "npss"}}})
