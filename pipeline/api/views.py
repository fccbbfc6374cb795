"""The answers of the API, as it gives them and the commands read them."""

from datetime import datetime

import msgspec

from pipeline.alert import Alert, Contribution
from pipeline.reading import Scored


class PartitionStatus(msgspec.Struct, frozen=True):
    """How far one role has read one partition; `rate` in messages a second."""

    role: str
    topic: str
    partition: int
    lag_events: int
    lag_seconds: float | None
    committed: int | None
    rate: float
    last_commit: datetime | None


class CustomerView(msgspec.Struct, frozen=True):
    """Everything known of one customer, events from the oldest on; `risk` is as of now."""

    customer_id: str
    risk: float
    contributions: tuple[Contribution, ...]
    events: list[Scored]
    alerts: list[Alert]


class StoreStatus(msgspec.Struct, frozen=True):
    """The store: its engine's version and its rows by kind, or the problem."""

    engine: str = ""
    rows: dict[str, int] = {}
    dead_letters: dict[str, int] = {}
    problem: str | None = None


class BrokerStatus(msgspec.Struct, frozen=True):
    """The broker as it was last asked."""

    bootstrap: str
    problem: str | None


class Status(msgspec.Struct, frozen=True):
    """How the pipeline is doing."""

    partitions: tuple[PartitionStatus, ...]
    store: StoreStatus
    broker: BrokerStatus


class RetryResult(msgspec.Struct, frozen=True):
    """`sent` were published to their topic again; `skipped` had been, or are lines of a file."""

    sent: int
    skipped: int
