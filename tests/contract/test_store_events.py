"""Each event counts once, whatever is delivered twice, late, out of order, or cut off."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from pipeline.model.event import AuthorType, Metric, Score
from pipeline.model.reading import Scored
from pipeline.store import Backend, Store
from pipeline.store.backend import Columns
from tests.contract.conftest import ON_CHDB
from tests.contract.recount import DIMENSIONS, by_slice, check, in_minutes
from tests.contract.stored import LATER, START, WINDOW, reading, scored, some_events


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


def read(one: Scored, label: str, *, hurried: bool) -> Scored:
    return replace(one, reading=replace(reading(label), hurried=hurried))


def net_sentiment(store: Store) -> float | None:
    return in_minutes(store, ())[()]["net_sentiment"]


def test_a_reading_with_patience_replaces_one_in_haste_and_never_the_other_way(
    store: Store,
) -> None:
    event = scored("e")
    hurried = read(event, "negative", hurried=True)
    careful = read(event, "positive", hurried=False)
    assert store.write_events([hurried]).stored == 1
    assert net_sentiment(store) == -100
    assert store.write_events([careful]).replaced == 1
    for again in ([hurried], [careful], [careful, hurried], [hurried, careful]):
        assert store.write_events(again).duplicates == len(again)
    assert net_sentiment(store) == 100
    assert store.timeline("c1") == [careful]
    assert store.counts()["events"] == 1


def test_a_reading_with_patience_does_not_hide_a_later_revision(store: Store) -> None:
    later = read(scored("e", at=600, revision=1), "negative", hurried=True)
    store.write_events([read(scored("e"), "neutral", hurried=True), later])
    assert store.write_events([read(scored("e"), "positive", hurried=False)]).duplicates == 1
    assert store.timeline("c1") == [later]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_reading_that_was_cut_off_while_it_was_replaced_counts_after_it_is_delivered_again(
    backend: Backend, store: Store, step: int, before: bool
) -> None:
    careful = read(scored("e"), "positive", hurried=False)
    store.write_events([read(scored("e"), "negative", hurried=True)])
    with pytest.raises(ConnectionError):
        Store(Failing(backend, step, before)).write_events([careful])
    store.write_events([careful])
    assert net_sentiment(store) == 100


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


@ON_CHDB
def test_a_ticket_that_moves_to_another_customer_stays_one(store: Store) -> None:
    ticket = {"type": "ticket.opened", "ticket_id": "t1"}
    for revision, customer_id in enumerate(("c1", "c2")):
        moved = scored("e", customer_id=customer_id, revision=revision, **ticket)
        store.write_events([moved])
    kpis = {value.kpi: value.value for value in store.kpis(WINDOW, (), LATER)}
    assert kpis["resolution_open"] == 1


def test_an_event_that_moves_away_and_back_is_counted_where_it_is(store: Store) -> None:
    for revision, at in enumerate([0, 600, 0]):
        latest = scored("e", at=at, revision=revision)
        result = store.write_events([latest])
    assert result.replaced == 1
    assert result.minutes == (START, START + timedelta(minutes=10))
    check(store, [latest])


@ON_CHDB
@pytest.mark.parametrize(
    ("revised", "slices"),
    [
        pytest.param({"channel": "web"}, [("web",)], id="to another slice"),
        pytest.param({"at": 4 * 3_600}, [], id="out of the window"),
        pytest.param({"counted": False}, [], id="out of what counts"),
    ],
)
def test_a_slice_that_loses_its_last_event_is_read_no_more(
    store: Store, revised: dict[str, object], slices: list[tuple[str]]
) -> None:
    store.write_events([scored("e", channel="app")])
    store.write_events([scored("e", revision=1, **{"channel": "app", **revised})])
    assert list(by_slice(store.kpis(WINDOW, ["channel"], LATER), ["channel"])) == slices


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
