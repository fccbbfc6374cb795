"""Command simulate --desk: simulated staff act on incoming alerts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import NoReturn

import msgspec

from pipeline.broker.publish import Publisher
from pipeline.broker.security import cluster_of
from pipeline.broker.tail import Tail
from pipeline.config.groups import KafkaSettings
from pipeline.contracts.topology import ACTIONS, ALERTS
from pipeline.model.action import Action
from pipeline.model.alert import from_cloudevent
from pipeline.sources.simulate.desk import actions_on

LOOK_BACK = timedelta(days=2)
"""How far back alerts are acted on; repeated actions are idempotent."""
PAUSE = 0.5


def run_desk(kafka: KafkaSettings) -> NoReturn:
    """Act on alerts until the process ends. Raises BrokerUnavailable."""
    bootstrap, security = cluster_of(kafka)
    waiting: list[tuple[datetime, str, Action]] = []
    with (
        Tail(bootstrap, [ALERTS], datetime.now(UTC) - LOOK_BACK, security) as tail,
        Publisher(bootstrap, security) as publisher,
    ):
        while True:
            for _, value in tail.read(PAUSE):
                alert = from_cloudevent(value)
                if alert.revision == 1 and alert.state == "open":
                    for action in actions_on(alert):
                        heappush(waiting, (action.at, action.action_id, action))
            for action in _due(waiting):
                publisher.send(ACTIONS, action.customer_id.encode(), msgspec.json.encode(action))
            publisher.flush()


def _due(waiting: list[tuple[datetime, str, Action]]) -> Iterator[Action]:
    while waiting and waiting[0][0] <= datetime.now(UTC):
        yield heappop(waiting)[-1]
