"""Tests and internal customers are stored, and part of no figure; a revision may say otherwise."""

from msgspec.structs import replace

from pipeline.kpi.definitions import DIMENSIONS, KpiValue
from pipeline.model.event import Metric, Score
from pipeline.model.reading import Scored
from pipeline.store import Store
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import LATER, WINDOW, scored

pytestmark = ON_CHDB


def answer(event_id: str, value: int, **fields: object) -> Scored:
    score = Score(Metric.NPS, value, 0, 10)
    return scored(event_id, at=value * 70, type="survey", score=score, **fields)


def figures(store: Store, *by: str) -> list[KpiValue]:
    return store.kpis(WINDOW, list(by), LATER)


def of(store: Store, kpi: str) -> tuple[float | None, int]:
    (value,) = [one for one in figures(store) if one.kpi == kpi]
    return value.value, value.n


TEST = [
    answer("t1", 0, customer_id="qa", segment="internal", counted=False),
    scored("t2", 80, "negative", customer_id="qa", brand="T", counted=False),
    scored("t3", 90, type="ticket.opened", customer_id="qa", ticket_id="T", counted=False),
    scored("t4", 95, type="ticket.resolved", customer_id="qa", ticket_id="T", counted=False),
    scored("t5", 99, type="self_service.viewed", customer_id="qa", counted=False),
    scored("t6", 99, "neutral", type="call", customer_id="qa", counted=False),
]


def test_tests_are_kept_and_change_no_figure(store: Store) -> None:
    store.write_events([answer("e1", 10, customer_id="m-2")])
    alone = [figures(store), figures(store, *DIMENSIONS)]
    store.write_events(TEST)
    store.write_events(TEST[:2])
    assert [figures(store), figures(store, *DIMENSIONS)] == alone
    assert of(store, "nps") == (100, 1)
    assert of(store, "active_customers") == (1, 1)
    assert store.timeline("qa") == sorted(
        TEST, key=lambda one: (one.event.occurred_at, one.event.event_id), reverse=True
    )
    assert store.counts()["events"] == 7


def test_the_figures_follow_a_revision_that_marks_an_event_or_takes_the_mark_back(
    store: Store,
) -> None:
    counted = [answer("e1", 10, customer_id="m-2"), answer("e2", 0, customer_id="m-3")]
    store.write_events(counted)
    assert of(store, "nps") == (0, 2)
    for revision, mark, nps in ((1, False, (100, 1)), (2, True, (0, 2)), (3, False, (100, 1))):
        event = replace(counted[1].event, revision=revision)
        revised = replace(counted[1], event=event, counted=mark)
        store.write_events([revised])
        assert of(store, "nps") == nps
        assert store.timeline("m-3") == [revised]


def test_a_test_between_a_resolution_and_silence_is_no_contact(store: Store) -> None:
    ticket = {"ticket_id": "T", "touchpoint": "fatura"}
    store.write_events(
        [
            scored("o", 10, type="ticket.opened", **ticket),
            scored("r", 20, type="ticket.resolved", **ticket),
            scored("t", 30, touchpoint="fatura", counted=False),
            scored("x", 40, type="ticket.replied", author_type="agent", counted=False, **ticket),
        ]
    )
    assert of(store, "first_contact_resolution") == (100, 1)
    store.write_events([scored("m", 50, touchpoint="fatura")])
    assert of(store, "first_contact_resolution") == (0, 1)


def test_a_reading_that_is_restated_leaves_the_mark(store: Store) -> None:
    test = scored("t", 5, "negative", counted=False)
    store.write_events([test])
    store.restate([replace(test, reading=scored("t", 5, "positive").reading)], LATER)
    assert of(store, "texts") == (0, 0)
    assert [one.counted for one in store.timeline("c1")] == [False]


def test_an_event_that_was_taken_back_is_gone_until_a_revision_brings_it_again(
    store: Store,
) -> None:
    happened = answer("e1", 0, customer_id="m-3")
    store.write_events([answer("e2", 10), happened])
    assert of(store, "nps") == (0, 2)
    revoked = replace(happened.event, revision=1, revoked=True, occurred_at=LATER)
    store.write_events([replace(happened, event=revoked, counted=False)])
    store.write_events([happened])  # once more, and late
    assert of(store, "nps") == (100, 1)
    assert (store.timeline("m-3"), store.counts()["events"]) == ([], 1)
    again = replace(happened, event=replace(happened.event, revision=2))
    store.write_events([again])
    assert of(store, "nps") == (0, 2)
    assert store.timeline("m-3") == [again]


def test_an_event_that_was_taken_back_before_it_came_does_not_come(store: Store) -> None:
    happened = answer("e1", 0)
    revoked = replace(happened.event, revision=1, revoked=True, score=None)
    store.write_events([replace(happened, event=revoked, counted=False)])
    store.write_events([happened])
    assert of(store, "nps") == (None, 0)
    assert store.counts()["events"] == 0


def test_an_unknown_type_is_kept_under_its_name_told_of_and_part_of_no_figure(
    store: Store,
) -> None:
    store.write_events([answer("e1", 10, customer_id="m-2")])
    alone = [figures(store), figures(store, *DIMENSIONS)]
    newer = scored("n1", 80, "negative", type="mesage", customer_id="m-9", counted=False)
    author = scored("n2", 81, type="call", author_type="partner", customer_id="m-9", counted=False)
    trust = Score(Metric("trust"), 3, 0, 10)
    metric = scored("n3", 82, type="mesage", score=trust, customer_id="m-9", counted=False)
    store.write_events([newer, author, metric])
    assert [figures(store), figures(store, *DIMENSIONS)] == alone
    assert store.timeline("m-9") == [metric, author, newer]
    assert store.unknown_values(newer.event.occurred_at) == [
        ("type", "mesage", 2),
        ("author_type", "partner", 1),
        ("score.metric", "trust", 1),
    ]
    assert store.unknown_values(LATER) == []
