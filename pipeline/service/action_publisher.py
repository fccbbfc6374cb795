"""Publishes actions on alerts over a persistent connection."""

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
    """Publishes actions; connects at the first one and after a failure. Thread-safe."""

    def __init__(self, connect: Callable[[], Publisher], clock: Callable[[], datetime]) -> None:
        self._connect, self._clock = connect, clock
        self._publisher: Publisher | None = None
        self._turn = threading.Lock()

    def publish(self, alert_id: str, customer_id: str, request: ActionRequest, by: str) -> Action:
        """Publish an action, and return it when Kafka has confirmed it.

        Raises Refused for an invalid action, and BrokerUnavailable.
        """
        action = Action(
            action_id=request.action_id or str(uuid.uuid4()),
            alert_id=alert_id,
            customer_id=customer_id,
            kind=request.kind,
            by=by,
            at=self._clock(),
            assignee=request.assignee,
            until=request.until,
            outcome=request.outcome,
            note=redact(request.note),
            undoes=request.undoes,
        )
        if problem := problem_of(action):
            raise Refused(problem)
        with self._turn:
            publisher = self._publisher or self._connect()
            self._publisher = None  # unusable after a failure
            try:
                publisher.send(ACTIONS, customer_id.encode(), msgspec.json.encode(action))
                publisher.flush()
            except BrokerUnavailable:
                publisher.close()
                raise
            self._publisher = publisher
        return action

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            if self._publisher:
                self._publisher.close()
