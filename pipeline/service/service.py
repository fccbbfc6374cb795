"""The queries and actions behind API and board, without HTTP."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import starmap
from typing import NamedTuple, Self

import msgspec

from pipeline.broker.continuity import FailedRules
from pipeline.broker.publish import Publisher
from pipeline.broker.security import Cluster
from pipeline.common.epoch_micros import to_micros
from pipeline.common.refused import Refused
from pipeline.config.groups import DetectSettings
from pipeline.contracts.topology import INPUTS, RECEIVED, RETRY_HEADER
from pipeline.detection.customer import Arrival, apply, risk_at
from pipeline.detection.rules import RuleBook, RuleSet
from pipeline.detection.what_if import WhatIf, what_if
from pipeline.ingest.unknown import CHOICES, closest
from pipeline.kpi.definitions import Dimension, KpiValue, Window
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.service.action_publisher import ActionPublisher
from pipeline.service.observer import Observer
from pipeline.service.views import (
    ActionRequest,
    BrokerStatus,
    CustomerView,
    RetryResult,
    RulesStatus,
    Status,
    StoreStatus,
    UnknownValue,
)
from pipeline.store import Store, StoreUnavailable

TIMELINE = 1_000
"""Most events of a customer in a view, newest first."""

REPORTED_FOR = timedelta(days=7)
"""How long unknown values of events are reported."""

RETRIED_AT_ONCE = 10_000
"""Most dead letters of one retry, newest first."""

_TOPICS = frozenset(topic for topics in INPUTS.values() for topic in topics) - {RECEIVED}


class ServiceConfig(NamedTuple):
    """Configuration: the broker for actions and retries, and the folding of a customer's risk."""

    cluster: Cluster
    detect: DetectSettings


class ServiceDependencies(NamedTuple):
    """Store, rules, broker and clock of the service."""

    store: Store
    observer: Observer
    rules: RuleBook
    clock: Callable[[], datetime]


class Service:
    """Answers queries and publishes actions, from store, broker and rules. Thread-safe."""

    def __init__(self, config: ServiceConfig, dependencies: ServiceDependencies) -> None:
        self.store, self._observer, self._rules, self._clock = dependencies
        self._cluster, self._detect = config
        self._actions = ActionPublisher(lambda: Publisher(*self._cluster), self._clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._actions.close()

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self._rules.rules

    def kpis(
        self,
        start: datetime | None,
        end: datetime | None,
        span: timedelta,
        as_of: datetime | None,
        by: Sequence[Dimension],
    ) -> list[KpiValue]:
        """Return every KPI of every slice in `[start, end)`; `span` replaces a missing bound.

        Raises Refused if the window ends before it starts.
        """
        now = as_of or self._clock()
        end = end or (start + span if start else now)
        window = Window(start or end - span, end)
        if window.end <= window.start:
            raise Refused(f"the window ends ({end}) before it starts ({window.start})")
        return self.store.kpis(window, by, now)

    def customer(self, customer_id: str) -> CustomerView | None:
        """Return the customer, or None if nothing is known of them.

        The risk is folded from the stored events by the current rules, as in `detect`, so that no
        second copy has to be kept.
        """
        events = self.store.timeline(customer_id, TIMELINE)[::-1]
        if not events:
            return None
        self._rules.reload()  # on invalid rules the last valid ones stay; detect reports them
        rules, now = self._rules.rules, self._clock()
        arrivals = [Arrival(scored, 0, offset) for offset, scored in enumerate(events)]
        state, _ = apply(None, arrivals, rules, self._detect, to_micros(now))
        risk, contributions = risk_at(state, now, self._detect)
        alerts = self.store.alerts(customer_id=customer_id)
        answers = what_if(events, now, rules, self._detect)
        calibrated = self._detect.fitted is not None
        return CustomerView(customer_id, risk, contributions, events, alerts, calibrated, answers)

    def what_if(self, alert: Alert) -> WhatIf:
        """Return what the risk of an alert would be without each cause, as of its last change."""
        events = self.store.timeline(alert.customer_id, TIMELINE)
        until = [scored for scored in events if scored.event.occurred_at <= alert.updated_at]
        self._rules.reload()
        return what_if(until, alert.updated_at, self._rules.rules, self._detect)

    def act(
        self, alert_id: str, request: ActionRequest, by: str, customer_id: str = ""
    ) -> Action | None:
        """Publish a user's action on an alert or a case; return None if there is no such one.

        Callers that know it before the store does pass its `customer_id`. Raises Refused for an
        invalid action, and BrokerUnavailable.
        """
        if not customer_id:
            about = self.store.alerts(ids=[alert_id]) or self.store.cases(case_ids=[alert_id])
            if not about:
                return None
            customer_id = about[0].customer_id
        return self._actions.publish(alert_id, customer_id, request, by)

    def retry_dead_letters(self, reason: Reason | None) -> RetryResult:
        """Publish dead letters to their topics again, each only once, and record the time.

        A message that is still invalid becomes a new dead letter. Lines of files, which were on no
        topic (replay the file instead), and truncated messages are skipped. Raises
        BrokerUnavailable.
        """
        letters = self.store.dead_letters(reason, RETRIED_AT_ONCE)
        due = [
            letter
            for letter in letters
            if letter.retried_at is None
            and letter.topic in _TOPICS
            and letter.reason is not Reason.TOO_LARGE
        ]
        with Publisher(*self._cluster) as publisher:
            for letter in due:
                publisher.send(letter.topic, letter.key, letter.payload, [(RETRY_HEADER, b"1")])
            publisher.flush()
        self.store.write_dead_letters([self._retried(letter) for letter in due])
        return RetryResult(len(due), len(letters) - len(due))

    def _retried(self, letter: DeadLetter) -> DeadLetter:
        return msgspec.structs.replace(letter, retried_at=self._clock())

    def status(self) -> Status:
        """Return lag and rate by partition, and the status of store, broker and rules."""
        seen = self._observer.look()
        broker = BrokerStatus(self._cluster.bootstrap, seen.problem)
        return Status(seen.partitions, self._store(), broker, self._rules_status(seen.failed_rules))

    def _rules_status(self, noted: Iterable[FailedRules]) -> RulesStatus:
        refused, rules = self._rules.reload(), self._rules.rules
        failed = dict(rules.failed)
        for note in noted:
            if note.version == rules.version:
                failed = note.problems | failed
        return RulesStatus(
            rules.version, len(rules.rules), str(refused) if refused else None, failed
        )

    def _store(self) -> StoreStatus:
        store = self.store
        try:
            return StoreStatus(
                store.ping(),
                store.counts(),
                store.dead_letter_counts(),
                unknown=tuple(
                    starmap(_unknown, store.unknown_values(self._clock() - REPORTED_FOR))
                ),
            )
        except StoreUnavailable as error:
            return StoreStatus(problem=str(error))


def _unknown(field: str, value: str, events: int) -> UnknownValue:
    return UnknownValue(field, value, events, closest(CHOICES[field](value)))
