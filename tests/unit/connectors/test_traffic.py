"""What came by the connections of late."""

from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.connectors.delivery import Delivery
from pipeline.connectors.sealing import Seal
from pipeline.connectors.watch.traffic import KEPT, KEPT_BYTES, Traffic
from pipeline.contracts.topology import DEAD_LETTERS, RECEIVED
from pipeline.model.dead_letter import DeadLetter, Reason

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SEAL = Seal(["k" * 32])


def came(before: timedelta, name: str = "desk-1", body: bytes = b"{}") -> tuple[str, bytes]:
    return RECEIVED, SEAL.sealed(Delivery(name, NOW - before, body))


def refused(before: timedelta, topic: str = RECEIVED) -> tuple[str, bytes]:
    letter = DeadLetter(
        topic, 0, 1, Reason.MISSING_FIELD, "It lacks an id.", b"{}", b"desk-1", NOW - before
    )
    return DEAD_LETTERS, msgspec.json.encode(letter)


def test_deliveries_and_refusals_are_counted_by_hour_and_day() -> None:
    traffic = Traffic()
    ages = (timedelta(minutes=1), timedelta(hours=3), timedelta(hours=30))
    traffic.take([*map(came, ages), came(timedelta(0), "other")])
    traffic.take([refused(age) for age in ages[:2]])
    seen = traffic.summary("desk-1", NOW, UTC)
    assert seen[:5] == (NOW - ages[0], 1, 2, 1, 2)
    assert traffic.summary("nobody", NOW, UTC).last is None
    assert [letter.received_at for letter in traffic.refusals("desk-1")] == [
        NOW - ages[1],
        NOW - ages[0],
    ]


def test_what_is_no_delivery_or_about_other_topics_is_left_out() -> None:
    traffic = Traffic()
    traffic.take([(RECEIVED, b"\xff"), (DEAD_LETTERS, b"[]"), refused(timedelta(0), "cx.feedback")])
    assert traffic.summary("desk-1", NOW, UTC).refused_day == 0


def test_the_newest_deliveries_are_kept_within_bounds() -> None:
    traffic = Traffic()
    traffic.take(came(timedelta(seconds=n)) for n in range(2 * KEPT, 0, -1))
    kept = traffic.kept("desk-1")
    assert len(kept) == KEPT
    assert SEAL.opened(kept[0]).received_at == NOW - timedelta(seconds=1)
    traffic.take(came(timedelta(0), body=b"x" * (KEPT_BYTES // 3)) for _ in range(5))
    assert sum(map(len, traffic.kept("desk-1"))) <= KEPT_BYTES


def test_a_source_is_due_by_its_rhythm_once_it_has_one() -> None:
    traffic = Traffic()
    often = [timedelta(minutes=20 * n) for n in range(8 * 24 * 3, 6, -1)]
    traffic.take([came(age) for age in often[-5:]])
    assert traffic.summary("desk-1", NOW, UTC).due is None
    traffic.take([came(age) for age in often])
    due = traffic.summary("desk-1", NOW, UTC).due
    assert due is not None
    assert due < NOW + timedelta(hours=1)
