"""Which earlier words a low score speaks of."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.entry import LogEntry, entry_of
from pipeline.detection.said import NEGATIVE, SAID, Said, reason_of_score, remembering
from pipeline.model.event import Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.customers import csat, event, reading

HOUR = timedelta(hours=1)


def wrote(name: str, hours: float, label: str = "negative", **fields: object) -> Scored:
    return event(name, EventType.MESSAGE, hours, reading(label), **fields)  # type: ignore[arg-type]


def folded(events: Iterable[Scored]) -> tuple[Said, ...]:
    said: tuple[Said, ...] = ()
    for scored in events:
        entry = entry_of(scored)
        said = remembering(said, entry, entry.at, {})
    return said


def scored_low(hours: float = 100, **fields: object) -> LogEntry:
    return entry_of(
        event("score", EventType.SURVEY, hours, score=Score(Metric.CSAT, 1, 1, 5), **fields)
    )


def reason(said: tuple[Said, ...], score: LogEntry) -> str | None:
    found = reason_of_score(said, score, score.at)
    return found and found.mark.event_id


@pytest.mark.parametrize(
    ("score", "spoken_of"),
    [
        ({"ticket_id": "T1"}, "ticket"),
        ({"order_id": "O1"}, "order"),
        ({"touchpoint": "FATURA"}, "bill"),
        ({"ticket_id": "T9", "order_id": "O1"}, "order"),
        ({"ticket_id": "T9"}, "last"),
        ({}, "last"),
    ],
)
def test_a_score_speaks_of_its_ticket_order_or_topic_else_of_the_last_complaint(
    score: dict[str, str], spoken_of: str
) -> None:
    said = folded(
        [
            wrote("ticket", 1, "neutral", ticket_id="T1"),
            wrote("order", 2, order_id="O1"),
            wrote("bill", 3, touchpoint="Fatura"),
            wrote("last", 4, ticket_id="T2"),
            wrote("asked", 5, "neutral", ticket_id="T3"),
            wrote("praise", 6, "positive", ticket_id="T1"),
        ]
    )
    assert reason(said, scored_low(**score)) == spoken_of


def test_of_one_ticket_the_last_complaint_counts_and_no_later_question() -> None:
    said = folded(
        [
            wrote("first", 1, ticket_id="T1"),
            wrote("worse", 2, ticket_id="T1"),
            wrote("asked", 3, "neutral", ticket_id="T1"),
        ]
    )
    assert reason(said, scored_low(ticket_id="T1")) == "worse"


def test_a_later_command_does_not_hide_the_complaint_before_it() -> None:
    complaint, command = wrote("complaint", 1), wrote("command", 2, text="Temsilciye bağla")
    assert reason(folded([complaint, command]), scored_low()) == "complaint"
    assert reason(folded([command]), scored_low()) == "command"


def test_what_was_typed_into_a_search_was_not_said_to_the_company() -> None:
    searched = event("search", EventType.SELF_SERVICE_SEARCHED, 1, reading("negative"))
    assert reason(folded([searched]), scored_low()) is None


def test_words_of_over_14_days_ago_are_no_reason() -> None:
    said = folded([wrote("old", 0)])
    assert reason(said, scored_low(14 * 24)) == "old"
    assert reason(said, scored_low(14 * 24 + 1)) is None


def test_a_good_score_and_no_score_need_no_reason() -> None:
    said = folded([wrote("said", 0)])
    assert reason(said, entry_of(csat("good", 1, 5))) is None
    assert reason(said, entry_of(event("visit", EventType.VISIT, 1))) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["negative", "neutral"]), st.integers(0, 30), st.booleans()),
        max_size=40,
    )
)
def test_what_is_remembered_is_bounded_and_never_loses_the_last_complaint(
    told: list[tuple[str, int, bool]],
) -> None:
    events = [
        wrote(f"e{number}", number, label, ticket_id=f"T{ticket}" if has_ticket else None)
        for number, (label, ticket, has_ticket) in enumerate(told)
    ]
    said = folded(events)
    assert len(said) <= SAID
    complaints = [
        one.event.event_id for one in events if one.reading and one.reading.label[:3] == "neg"
    ]
    if complaints:
        assert complaints[-1] in [one.mark.event_id for one in said if one.weight >= NEGATIVE]
