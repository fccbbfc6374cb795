"""The answers of the API, as it gives them and the commands read them."""

from datetime import datetime
from typing import Annotated

import msgspec

from pipeline.model.action import LONGEST_ID, LONGEST_NAME, LONGEST_NOTE, ActionKind, Outcome
from pipeline.model.alert import Alert, Contribution
from pipeline.model.reading import Scored


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


class UnknownValue(msgspec.Struct, frozen=True):
    """A value of a field of events that this version does not know; `meant` is the closest one."""

    field: str
    value: str
    events: int
    meant: str | None


class StoreStatus(msgspec.Struct, frozen=True):
    """The store: its engine's version and its rows by kind, or the problem.

    `unknown` are values in events of the last days.
    """

    engine: str = ""
    rows: dict[str, int] = {}
    dead_letters: dict[str, int] = {}
    problem: str | None = None
    unknown: tuple[UnknownValue, ...] = ()


class BrokerStatus(msgspec.Struct, frozen=True):
    """The broker as it was last asked."""

    bootstrap: str
    problem: str | None


class RulesStatus(msgspec.Struct, frozen=True):
    """The rules in force as the API knows them.

    `refused` says why the files as they are now are not in force, `failed` by rule why it failed
    at an event that `detect` or the API judged: it does not hold there.
    """

    version: str = ""
    count: int = 0
    refused: str | None = None
    failed: dict[str, str] = {}


class Status(msgspec.Struct, frozen=True):
    """How the pipeline is doing."""

    partitions: tuple[PartitionStatus, ...]
    store: StoreStatus
    broker: BrokerStatus
    rules: RulesStatus = msgspec.field(default_factory=RulesStatus)


class RetryResult(msgspec.Struct, frozen=True):
    """`sent` were published to their topic again.

    `skipped` had been, are lines of a file, or are too large.
    """

    sent: int
    skipped: int


class ActionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody does about an alert; who and when is for the server to say.

    A request that is sent again with the same `action_id` counts once.
    """

    kind: ActionKind
    assignee: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    note: Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE)] = ""
    undoes: Annotated[str, msgspec.Meta(max_length=LONGEST_ID)] | None = None
    action_id: Annotated[str, msgspec.Meta(max_length=LONGEST_ID)] | None = None
