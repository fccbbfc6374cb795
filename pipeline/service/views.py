"""The responses of the API, which the commands parse."""

from datetime import datetime
from typing import Annotated

import msgspec

from pipeline.detection.what_if import WhatIf
from pipeline.model.action import LONGEST_ID, LONGEST_NAME, LONGEST_NOTE, ActionKind, Outcome
from pipeline.model.alert import Alert, Contribution
from pipeline.model.reading import Scored


class PartitionStatus(msgspec.Struct, frozen=True):
    """Progress of a role on a partition; `rate` is in messages per second."""

    role: str
    topic: str
    partition: int
    lag_events: int
    lag_seconds: float | None
    committed: int | None
    rate: float
    last_commit: datetime | None


class CustomerView(msgspec.Struct, frozen=True):
    """Everything known about a customer, events oldest first.

    `risk` and `what_if` are current; `calibrated`: the risk is a probability, else a score.
    """

    customer_id: str
    risk: float
    contributions: tuple[Contribution, ...]
    events: list[Scored]
    alerts: list[Alert]
    calibrated: bool = False
    what_if: WhatIf | None = None


class UnknownValue(msgspec.Struct, frozen=True):
    """A value of an event field unknown to this version; `meant` is the closest known one."""

    field: str
    value: str
    events: int
    meant: str | None


class StoreStatus(msgspec.Struct, frozen=True):
    """The store: the engine's version and rows by kind, or the problem.

    `unknown` are unknown values in events of the last days.
    """

    engine: str = ""
    rows: dict[str, int] = {}
    dead_letters: dict[str, int] = {}
    problem: str | None = None
    unknown: tuple[UnknownValue, ...] = ()


class BrokerStatus(msgspec.Struct, frozen=True):
    """The broker at the last reading."""

    bootstrap: str
    problem: str | None


class RulesStatus(msgspec.Struct, frozen=True):
    """The rules in force in the API.

    `refused` says why the current files are not in force; `failed` says, by rule, why it failed on
    an event in `detect` or the API, where it then does not hold.
    """

    version: str = ""
    count: int = 0
    refused: str | None = None
    failed: dict[str, str] = {}


class Status(msgspec.Struct, frozen=True):
    """The status of the pipeline."""

    partitions: tuple[PartitionStatus, ...]
    store: StoreStatus
    broker: BrokerStatus
    rules: RulesStatus = msgspec.field(default_factory=RulesStatus)


class RetryResult(msgspec.Struct, frozen=True):
    """The number of dead letters published again, and of those skipped.

    Skipped ones were retried before, are lines of a file, or are too large.
    """

    sent: int
    skipped: int


class ActionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action on an alert; the server adds its author and time.

    Repeated requests with the same `action_id` count once.
    """

    kind: ActionKind
    assignee: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    note: Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE)] = ""
    undoes: Annotated[str, msgspec.Meta(max_length=LONGEST_ID)] | None = None
    action_id: Annotated[str, msgspec.Meta(max_length=LONGEST_ID)] | None = None
