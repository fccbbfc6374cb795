"""Publishes actions on alerts, on a connection that stays open."""

import threading
import uuid
from collections.abc import Callable
from datetime import datetime

import msgspec

from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.publish import Publisher
from pipeline.common.refused import Refused
from pipeline.contracts.topology import ACTIONS
from pipeline.ingest.privacy import redact
from pipeline.model.action import Action, problem_of
from pipeline.service.views import ActionRequest


class ActionPublisher:
    """Thread-safe. The connection is made at the first action, and anew after a failure."""

    def __init__(self, connect: Callable[[], Publisher], clock: Callable[[], datetime]) -> None:
        self._connect, self._clock = connect, clock
        self._publisher: Publisher | None = None
        self._turn = threading.Lock()

    def publish(self, alert_id: str, customer_id: str, asked: ActionRequest, by: str) -> Action:
        """Publish an action and return it once Kafka has it.

        Raises Refused for one that is not in order, BrokerUnavailable.
        """
        action = Action(
            action_id=asked.action_id or str(uuid.uuid4()),
            alert_id=alert_id,
            customer_id=customer_id,
            kind=asked.kind,
            by=by,
            at=self._clock(),
            assignee=asked.assignee,
            until=asked.until,
            outcome=asked.outcome,
            note=redact(asked.note),
            undoes=asked.undoes,
        )
        if problem := problem_of(action):
            raise Refused(problem)
        with self._turn:
            publisher = self._publisher or self._connect()
            self._publisher = None  # after a failure it sends nothing more
            try:
                publisher.send(ACTIONS, customer_id.encode(), msgspec.json.encode(action))
                publisher.flush()
            except BrokerUnavailable:
                publisher.close()
                raise
            self._publisher = publisher
        return action

    def close(self) -> None:
        """End the connection."""
        with self._turn:
            if self._publisher:
                self._publisher.close()
