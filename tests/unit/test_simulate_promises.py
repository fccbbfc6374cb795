"""What is true of the promises and tickets of the simulated company follows from its events."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from hypothesis import given

from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import GROUPS
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate import simulate_with_truth
from pipeline.sources.simulate.company import dialogues
from pipeline.sources.simulate.contacts import contact
from pipeline.sources.simulate.stories import STORIES
from pipeline.sources.simulate.truth import Ledger
from tests.unit.test_simulate_truth import DAY, HOUR, START, few, journey, of_kind, seeds


def overdue(
    histories: Iterable[Sequence[Event]],
    due_of: Callable[[Event], datetime | None],
    end: datetime,
) -> list[tuple[str, datetime]]:
    """Customer and due time of each step that none follows in time; those due after the end not."""
    return [
        (step.customer_id, due)
        for steps in histories
        for step, then in zip(steps, [*steps[1:], None], strict=True)
        if (due := due_of(step)) and due < end and (then is None or then.occurred_at > due)
    ]


@few
@given(seeds)
def test_what_is_true_of_a_promised_delivery_follows_from_its_events(seed: int) -> None:
    events, truths = simulate_with_truth(seed, START, 40, days=14.0)
    orders = defaultdict(list)
    for event in events:
        if event.type in (T.ORDER_PROMISED, T.ORDER_DELAYED, T.ORDER_DELIVERED):
            orders[event.order_id].append(event)

    def promised(step: Event) -> datetime | None:
        at = step.attributes.get("promised_at")
        return None if at is None else datetime.fromisoformat(str(at))

    broken = overdue(orders.values(), promised, START + 14 * DAY)
    assert sorted(broken) == sorted(
        (truth.customer_id, truth.at) for truth in of_kind(truths, "delivery_broken")
    )


@few
@given(seeds)
def test_an_agents_word_is_kept_by_a_later_word_of_an_agent_in_time(seed: int) -> None:
    j = journey(seed)
    contact(j, "app")
    promises = {p.text: p for s in (dialogues().tr, dialogues().en) for p in s.promises}
    by_agent = [e for e in j.events if e.author_type is AuthorType.AGENT]
    midnight = START + 21 * HOUR  # in Istanbul
    kinds = []
    for word in (e for e in by_agent if e.text in promises):
        said = promises[word.text or ""]
        if said.hours:
            due = word.occurred_at + said.hours * HOUR
        else:
            due = midnight + (said.days or 0) * DAY
        later = [e.occurred_at for e in by_agent if e.occurred_at > word.occurred_at]
        kinds.append("callback_kept" if any(at <= due for at in later) else "callback_broken")
    assert kinds == [t.kind for t in j.truths() if t.kind.startswith("callback")]


@few
@given(seeds)
def test_a_ticket_stands_still_where_five_days_pass_without_a_step(seed: int) -> None:
    events, truths = simulate_with_truth(seed, START, 60, days=35.0)
    steps = defaultdict(list)
    for event in events:
        if event.ticket_id and event.type in GROUPS["ticket"]:
            steps[event.ticket_id].append(event)

    def still_at(step: Event) -> datetime | None:
        return None if step.type in GROUPS["closes"] else step.occurred_at + 5 * DAY

    still = overdue(steps.values(), still_at, START + 35 * DAY)
    told = [(truth.customer_id, truth.at) for truth in of_kind(truths, "progress_broken")]
    assert sorted(still) == sorted(told)


@few
@given(seeds)
def test_a_technician_who_is_promised_comes_is_put_off_or_stays_away(seed: int) -> None:
    j = journey(seed)
    STORIES["technician"](j)
    promises = {p.text for s in (dialogues().tr, dialogues().en) for p in s.promises}
    said = [event for event in j.events if event.text in promises]
    fates = [truth for truth in j.truths() if truth.kind.startswith("visit")]
    assert len(fates) == len(said) <= 2
    assert [truth.kind for truth in fates[:-1]] == ["visit_moved"] * (len(said) - 1)
    assert {truth.kind for truth in fates[-1:]} <= {"visit_kept", "visit_broken"}
    solved = j.events[-1]
    assert solved.type is T.TICKET_RESOLVED
    last = fates[-1]
    assert solved.occurred_at == last.until or last.kind == "visit_kept"


def fate(*steps: tuple[str, int]) -> list[tuple[str, str]]:
    ledger = Ledger("c")
    for step, hours in steps:
        at = START + hours * HOUR
        match step:
            case "promise":
                ledger.promise("delivery", at, at + 24 * HOUR, 12 * HOUR)
            case "move":
                ledger.move("delivery", at, at + 24 * HOUR)
            case "keep":
                ledger.keep(at, "delivery")
    return [(truth.kind, truth.expects) for truth in ledger.truths()]


def test_a_promise_is_kept_moved_or_broken() -> None:
    kept, moved = ("delivery_kept", "silence"), ("delivery_moved", "silence")
    broken, doubtful = ("delivery_broken", "alert"), ("delivery_broken", "either")
    assert fate(("promise", 0), ("keep", 24)) == [kept]
    assert fate(("promise", 0), ("keep", 25)) == [doubtful]
    assert fate(("promise", 0), ("keep", 37)) == [broken]
    assert fate(("promise", 0)) == [broken]
    assert fate(("promise", 0), ("move", 24), ("keep", 48)) == [moved, kept]
    assert fate(("promise", 0), ("move", 20)) == [moved, broken]
    assert fate(("promise", 0), ("move", 40), ("keep", 50)) == [broken, kept]


def test_both_languages_have_every_line_and_a_promise_of_each_kind_at_any_hour() -> None:
    tr, en = dialogues().tr, dialogues().en
    assert tr.lines.keys() == en.lines.keys()
    assert {turn.line for script in dialogues().scripts for turn in script.turns} <= tr.lines.keys()
    for speech in (tr, en):
        assert all((p.hours is None) is not (p.days is None) for p in speech.promises)
        for days in (None, 0, 1):
            assert {p.kind for p in speech.promises if p.days == days} == {
                "callback",
                "shipping",
                "visit",
            }
