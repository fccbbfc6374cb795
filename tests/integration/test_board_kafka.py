"""The inbox filled from real Kafka: within a second, and again after Kafka was away."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from kafka import KafkaProducer

from pipeline.board.inbox.feed import TOPICS, Feed, FeedDependencies
from pipeline.board.inbox.live import Live
from pipeline.broker.security import Cluster
from pipeline.common.ports import free_port
from pipeline.contracts.topology import ACTIONS, ALERTS, CASES
from pipeline.follow_up.case import Case
from pipeline.follow_up.case_progress import event_of
from pipeline.model.alert import Alert, to_cloudevent
from tests.support.board_items import action, case
from tests.support.board_items import alert as made_up
from tests.support.servers_kafka import topics_for_now

SOON = 1.0
FIRST, SECOND = (f"6f1d0b5a-0000-4000-8000-00000000000{one}" for one in (1, 2))


class Stored:
    """A store that has one alert, and its case."""

    def __init__(self, *alerts: Alert) -> None:
        self._alerts = list(alerts)

    def inbox(self, *_: Any) -> list[str]:
        return [one.case_id for one in self.cases()]

    def alerts(self, **_: Any) -> list[Alert]:
        return self._alerts

    def cases(self, **_: Any) -> list[Case]:
        return [case(one) for one in self._alerts]

    def actions(self, **_: Any) -> list[Any]:
        return []


def now() -> datetime:
    return datetime.now(UTC)


def alert(name: str, **fields: Any) -> Alert:
    at = now()
    return made_up(name, opened_at=at, updated_at=at, **fields)


async def until(live: Live, changed: asyncio.Event, name: str, stage: str) -> float:
    """Return after how many seconds the inbox has it; fail after ten."""
    begin = time.monotonic()
    async with asyncio.timeout(10):
        while not ((found := live.get(name)) and found.stage == stage):
            await changed.wait()
            changed.clear()
    return time.monotonic() - begin


async def test_what_is_published_is_in_the_inbox_at_once(kafka: str) -> None:
    live = Live()
    store: Any = Stored(alert("stored"))
    with (
        topics_for_now(kafka, 2, *TOPICS),
        Feed(Cluster(kafka), FeedDependencies(live, store, now)),
        live.listening() as changed,
    ):
        producer = await asyncio.to_thread(KafkaProducer, bootstrap_servers=kafka)
        await until(live, changed, "stored", "open")
        for name in (FIRST, SECOND):
            opened = alert(name)
            producer.send(ALERTS, key=b"c1", value=to_cloudevent(opened)).get(10)
            message = msgspec.json.encode(event_of(case(opened), "opened"))
            producer.send(CASES, key=b"c1", value=message).get(10)
            took = await until(live, changed, name, "open")
        done = case(alert(SECOND), stage="contacted", revision=2)
        message = msgspec.json.encode(event_of(done, "contacted"))
        producer.send(CASES, key=b"c1", value=message).get(10)
        assert await until(live, changed, SECOND, "contacted") < SOON
        did = action("contact", alert_id=SECOND)
        producer.send(ACTIONS, key=b"c1", value=msgspec.json.encode(did)).get(10)
        async with asyncio.timeout(10):
            while not live.get(SECOND).actions:  # type: ignore[union-attr]
                await changed.wait()
                changed.clear()
        producer.close()
    assert took < SOON, "the first may wait for the connection, the second does not"


async def test_while_kafka_is_away_the_inbox_has_what_is_stored() -> None:
    live = Live()
    store: Any = Stored(alert("stored"))
    with (
        live.listening() as changed,
        Feed(
            Cluster(f"127.0.0.1:{free_port()}"),
            FeedDependencies(live, store, now),
        ),
    ):
        await until(live, changed, "stored", "open")
