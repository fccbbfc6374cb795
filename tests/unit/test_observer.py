from datetime import UTC, datetime, timedelta

from prometheus_client import REGISTRY

from pipeline.broker.lag import PartitionLag
from pipeline.service.observer import SMOOTHING, measure, observe
from pipeline.service.views import PartitionStatus

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def lag(committed: int | None, partition: int = 0, group: str = "nabiz-detect") -> PartitionLag:
    return PartitionLag(group, "cx.scored", partition, committed, 1_000, 5, 0.5)


def seen(second: int, before: tuple[PartitionStatus, ...], *lags: PartitionLag):
    return observe(before, list(lags), NOON + timedelta(seconds=second), 1.0)


def test_a_commit_gives_a_rate_and_its_time_and_standing_still_lets_the_rate_fade() -> None:
    (first,) = seen(0, (), lag(100))
    assert (first.role, first.rate, first.last_commit, first.lag_events) == ("detect", 0, None, 5)
    (moved,) = seen(1, (first,), lag(150))
    assert moved.rate == SMOOTHING * 50
    assert moved.last_commit == NOON + timedelta(seconds=1)
    (still,) = seen(2, (moved,), lag(150))
    assert 0 < still.rate < moved.rate
    assert still.last_commit == moved.last_commit


def test_a_steady_rate_is_approached() -> None:
    state: tuple[PartitionStatus, ...] = ()
    for second in range(30):
        state = seen(second, state, lag(second * 40))
    assert round(state[0].rate) == 40


def test_the_first_commit_of_a_partition_counts_from_its_beginning() -> None:
    (first,) = seen(0, (), lag(None))
    (moved,) = seen(1, (first,), lag(10))
    assert moved.rate == SMOOTHING * 10
    assert moved.last_commit == NOON + timedelta(seconds=1)


def test_a_new_partition_begins_at_zero_beside_the_others() -> None:
    before = seen(0, (), lag(100))
    old, new = seen(1, before, lag(110), lag(70, partition=1))
    assert (old.rate, new.rate, new.last_commit) == (SMOOTHING * 10, 0, None)


def test_roles_that_read_one_topic_are_told_apart() -> None:
    before = seen(0, (), lag(100), lag(7, group="nabiz-record"))
    detect, record = seen(1, before, lag(100), lag(27, group="nabiz-record"))
    assert (detect.role, detect.rate) == ("detect", 0)
    assert (record.role, record.rate) == ("record", SMOOTHING * 20)


def test_the_lag_of_a_role_that_has_no_worker_is_a_metric_too() -> None:
    behind = PartitionLag("nabiz-detect", "cx.scored", 1, None, 1_000, 70, 12.5)
    unknown = PartitionLag("nabiz-record", "cx.scored", 0, None, 1_000, 3, None)
    measure(seen(0, (), lag(100), behind, unknown))

    def value(name: str, role: str) -> float | None:
        return REGISTRY.get_sample_value(f"nabiz_group_lag_{name}", {"role": role})

    assert (value("events", "detect"), value("seconds", "detect")) == (75, 12.5)
    assert (value("events", "record"), value("seconds", "record")) == (3, 0)
