"""Each event counts once, whatever is delivered twice, late, out of order, or cut off."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.event import AuthorType, Event, EventType, Metric, Score
from pipeline.kpi import Dimension, KpiValue, Window
from pipeline.reading import LABELS, Reading, Scored
from pipeline.store import Backend, Store
from pipeline.store.backend import Columns

START = datetime(2026, 3, 28, 23, 55, tzinfo=UTC)
"""The clocks in Europe change during the window; nothing here may notice."""
WINDOW = Window(START, START + timedelta(hours=3))
LATER = START + timedelta(days=30)
DIMENSIONS: tuple[Dimension, ...] = ("channel", "touchpoint", "segment", "brand", "source")


def scored(event_id: str, at: float = 0, label: str | None = None, **fields: object) -> Scored:
    """An event `at` seconds after START."""
    event = Event(
        event_id=event_id,
        occurred_at=START + timedelta(seconds=at),
        customer_id=str(fields.pop("customer_id", "c1")),
        channel=str(fields.pop("channel", "app")),
        type=EventType(fields.pop("type", "message")),
        **fields,  # type: ignore[arg-type]
    )
    return Scored(event, reading(label) if label else None, received_at=event.occurred_at)


def reading(label: str, intent: str = "cancel") -> Reading:
    return msgspec.convert(
        {
            "label": label,
            "probabilities": {"negative": 0.1, "neutral": 0.2, "positive": 0.7},
            "intensity": 0.25,
            "language": "tr",
            "engine": "fast",
            "version": "1",
            "intents": [{"name": intent, "start": 2, "end": 5}],
            "anger": 2,
            "urgency": 1,
            "topics": [
                {"name": "delivery", "label": "negative", "start": 0, "end": 4},
                {"name": "billing", "label": label, "start": 5, "end": 9},
            ],
            "hurried": True,
        },
        Reading,
    )


def some_events(rnd: random.Random, n: int) -> list[Scored]:
    """Events of every kind over two hours, some in two revisions that differ in everything."""
    first = [_some_event(rnd, f"e{i}", 0) for i in range(n)]
    return first + [_some_event(rnd, f"e{i}", 1) for i in rnd.sample(range(n), n // 5)]


def _some_event(rnd: random.Random, event_id: str, revision: int) -> Scored:
    metric, top = rnd.choice([(Metric.NPS, 10), (Metric.CSAT, 5), (Metric.CES, 7)])
    bottom = 0 if metric is Metric.NPS else 1
    score = Score(metric, rnd.choice([rnd.randint(bottom, top), top - 1.5]), bottom, top)
    return scored(
        event_id,
        at=rnd.choice([rnd.randrange(7200), rnd.random() * 300]),
        label=rnd.choice([None, *LABELS]),
        revision=revision,
        customer_id=f"c{rnd.randrange(20)}",
        type=rnd.choice(["survey", "complaint", "order.placed", "order.returned", "message"]),
        author_type=rnd.choice([AuthorType.CUSTOMER, AuthorType.CUSTOMER, AuthorType.AGENT]),
        channel=rnd.choice(["app", "çağrı merkezi"]),
        touchpoint=rnd.choice([None, "fatura", "it's \\ 'quoted' %s {x}"]),
        segment=rnd.choice([None, "vip"]),
        brand=rnd.choice(["A", "B"]),
        source="test",
        score=score if rnd.random() < 0.5 else None,
    )


def truth(events: Iterable[Scored]) -> list[Event]:
    """The events as they are in the end: the highest revision of each."""
    last: dict[str, Scored] = {}
    for one in sorted(events, key=lambda one: one.event.revision):
        last[one.event.event_id] = one
    return list(last.values())  # type: ignore[arg-type]


def expected(events: Sequence[Scored], by: Sequence[Dimension]) -> dict[object, dict[str, float]]:
    """Count again, in plain Python and without looking at how the store does it."""
    slices: dict[object, list[Scored]] = {}
    for one in truth(events):
        key = tuple(getattr(one.event, name) or "" for name in by)
        slices.setdefault(key, []).append(one)
    return {key: _expected_of(found) for key, found in slices.items()}


def _expected_of(found: Sequence[Scored]) -> dict[str, float]:
    answers: dict[str, list[float]] = {"nps": [], "csat": [], "ces": []}
    for one in found:
        if one.event.score:
            answers[one.event.score.metric].append(one.event.score.value)
    types = Counter(one.event.type for one in found)
    labels = Counter(
        one.reading.label for one in found if one.reading and one.event.author_type == "customer"
    )
    values = {
        "events": len(found),
        "texts": labels.total(),
        "complaints": types["complaint"],
        "active_customers": len({one.event.customer_id for one in found}),
        "complaint_rate": _percent(types["complaint"], types["order.placed"]),
        "return_rate": _percent(types["order.returned"], types["order.placed"]),
        "net_sentiment": _percent(labels["positive"] - labels["negative"], labels.total()),
        "csat": _percent(sum(a >= 4 for a in answers["csat"]), len(answers["csat"])),
        "ces": _percent(sum(a >= 5 for a in answers["ces"]), len(answers["ces"])),
        "csat_mean": _percent(sum(answers["csat"]) / 100, len(answers["csat"])),
    }
    n = len(answers["nps"])
    points = sum((a >= 9) - (a < 7) for a in answers["nps"])
    values["nps"] = (
        None if n == 0 else (abs(200 * points) + n) // (2 * n) * (1 if points >= 0 else -1)
    )
    return values


def _percent(part: float, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def by_slice(values: Iterable[KpiValue], by: Sequence[Dimension]) -> dict[object, dict[str, float]]:
    found: dict[object, dict[str, float]] = {}
    for value in values:
        found.setdefault(tuple(value.slice[name] for name in by), {})[value.kpi] = value.value
    return found


def check(store: Store, events: Sequence[Scored], by: Sequence[Dimension] = DIMENSIONS) -> None:
    """What is read is what a count of the true events gives, slice by slice."""
    found = by_slice(store.kpis(WINDOW, by, as_of=LATER), by)
    wanted = expected(events, by)
    assert {key for key, of_slice in found.items() if of_slice["events"]} == set(wanted)
    for key, values in wanted.items():
        for kpi, value in values.items():
            assert found[key][kpi] == pytest.approx(value), (key, kpi)
    assert store.counts()["events"] == len(truth(events))


@pytest.mark.parametrize("seed", range(3))
def test_counts_do_not_depend_on_order_repetition_or_batches(store: Store, seed: int) -> None:
    rnd = random.Random(seed)
    events = some_events(rnd, 300)
    delivered = events + rnd.sample(events, 100)
    rnd.shuffle(delivered)
    while delivered:
        batch, delivered = delivered[:90], delivered[90:]
        result = store.write_events(batch)
        assert result.stored + result.replaced + result.duplicates == len(batch)
    for by in ((), ("channel",), ("brand", "touchpoint"), DIMENSIONS):
        check(store, events, by)


class Failing:
    """A backend that fails before or after its nth write, and works again after that."""

    def __init__(self, backend: Backend, fail_at: int, before: bool) -> None:
        self.backend, self.fail_at, self.before, self.writes = backend, fail_at, before, 0

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple]:
        if "INSERT" not in sql:
            return self.backend.execute(sql, parameters)
        return self._write(lambda: self.backend.execute(sql, parameters))

    def look_up(self, sql: str, names: Sequence[str]) -> list[tuple]:
        return self.backend.look_up(sql, names)

    def insert(self, table: str, columns: Columns) -> None:
        self._write(lambda: self.backend.insert(table, columns))

    def _write(self, write: Callable[[], object]) -> object:
        self.writes += 1
        if self.writes == self.fail_at and self.before:
            raise ConnectionError("injected")
        result = write()
        if self.writes == self.fail_at:
            raise ConnectionError("injected")
        return result


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_batch_cut_off_anywhere_is_whole_after_it_is_delivered_again(
    backend: Backend, store: Store, step: int, before: bool
) -> None:
    rnd = random.Random(step)
    events = some_events(rnd, 60)
    earlier, batch = events[:50], events[40:]
    store.write_events(earlier)
    with pytest.raises(ConnectionError):
        Store(Failing(backend, step, before)).write_events(batch)
    store.write_events(batch)
    check(store, events)


def test_the_batch_after_a_crash_may_be_longer(backend: Backend, store: Store) -> None:
    """Its first part was stored but not indexed, and its second part moves the event."""
    first, moved = scored("e", at=0), scored("e", at=600, revision=1)
    with pytest.raises(ConnectionError):
        Store(Failing(backend, 2, before=True)).write_events([first])
    store.write_events([first, moved])
    check(store, [moved])


def test_a_minute_counted_by_another_batch_in_between_is_put_right(
    backend: Backend, store: Store
) -> None:
    """Stored but not indexed, counted by a neighbour, moved, and cut off again before counting."""
    first, neighbour = scored("e", at=0), scored("neighbour", at=1)
    moved = scored("e", at=600, revision=1)
    with pytest.raises(ConnectionError):
        Store(Failing(backend, 1, before=False)).write_events([first])
    store.write_events([neighbour])
    with pytest.raises(ConnectionError):
        Store(Failing(backend, 2, before=False)).write_events([first, moved])
    store.write_events([first, moved])
    check(store, [neighbour, moved])


def test_the_first_delivery_wins(store: Store) -> None:
    original, copy = scored("e", at=0), scored("e", at=600)
    store.write_events([original])
    again = store.write_events([copy])
    assert (again.stored, again.duplicates, again.replaced) == (0, 1, 0)
    assert store.timeline("c1") == [original]


@pytest.mark.parametrize("together", [True, False])
def test_of_two_deliveries_the_higher_revision_holds_in_either_order(
    store: Store, together: bool
) -> None:
    old, new = scored("e", at=0, revision=1), scored("e", at=600, revision=4)
    for batch in [[new, old]] if together else [[new], [old]]:
        store.write_events(batch)
    assert store.timeline("c1") == [new]
    check(store, [new])


@pytest.mark.parametrize("together", [True, False])
def test_an_event_that_moves_to_another_customer_leaves_the_first(
    store: Store, together: bool
) -> None:
    ticket = {"type": "ticket.opened", "ticket_id": "t1"}
    first = scored("e", at=0, customer_id="c1", **ticket)
    moved = scored("e", at=0, customer_id="c2", revision=1, **ticket)
    for batch in [[first, moved]] if together else [[first], [moved]]:
        store.write_events(batch)
    assert (store.timeline("c1"), store.timeline("c2")) == ([], [moved])
    check(store, [moved])
    open_tickets = [v.value for v in store.kpis(WINDOW, (), LATER) if v.kpi == "resolution_open"]
    assert open_tickets == [1]


def test_an_event_that_moves_away_and_back_is_counted_where_it_is(store: Store) -> None:
    for revision, at in enumerate([0, 600, 0]):
        latest = scored("e", at=at, revision=revision)
        result = store.write_events([latest])
    assert result.replaced == 1
    assert result.minutes == (START, START + timedelta(minutes=10))
    check(store, [latest])


def test_a_slice_that_loses_its_last_event_reads_zero(store: Store) -> None:
    store.write_events([scored("e", channel="app")])
    store.write_events([scored("e", channel="web", revision=1)])
    found = by_slice(store.kpis(WINDOW, ["channel"], LATER), ["channel"])
    assert found[("web",)]["events"] == 1
    assert found[("app",)]["events"] == 0


def test_of_two_writers_of_a_minute_the_one_that_saw_more_holds(
    backend: Backend, store: Store
) -> None:
    """The other writes while this one is on its way."""
    other = scored("other", at=1)

    class Overtaken(Failing):
        def insert(self, table: str, columns: Columns) -> None:
            if table == "events":
                store.write_events([other])
            self.backend.insert(table, columns)

    mine = scored("mine", at=0)
    Store(Overtaken(backend, 0, before=False)).write_events([mine])
    check(store, [mine, other])


def test_the_timeline_gives_back_what_was_stored(store: Store) -> None:
    full = scored(
        "é'\\\n\0%s",
        at=1.234567,
        label="negative",
        type="review",
        revision=3,
        text="İlk satır\nikinci \\ 'tırnak' 🙂",
        title="başlık",
        language="tr",
        score=Score(Metric.RATING, 3.5, 1, 5),
        author_type=AuthorType.CUSTOMER,
        attributes={"a": 1, "b": True, "c": None, "d": "x", "e": 1.5},
        **{name: name for name in ("touchpoint", "ticket_id", "order_id", "product")},
        **{name: name for name in ("segment", "account_id", "brand", "source")},
    )
    bare, other = scored("bare", at=0), scored("other", customer_id="c2")
    store.write_events([bare, full, other])
    assert store.timeline("c1") == [full, bare]
    assert store.timeline("c1", limit=1) == [full]


def test_events_of_any_year_are_stored(store: Store) -> None:
    years = [1960, *range(2000, 2110)]
    events = [
        msgspec.structs.replace(
            one := scored(f"e{year}"),
            event=msgspec.structs.replace(one.event, occurred_at=datetime(year, 5, 1, tzinfo=UTC)),
        )
        for year in years
    ]
    store.write_events(events)
    timeline = store.timeline("c1", limit=1000)
    assert [one.event.occurred_at.year for one in timeline] == years[::-1]


def test_an_empty_batch_changes_nothing(store: Store) -> None:
    assert store.write_events([]) == (0, 0, 0, ())
