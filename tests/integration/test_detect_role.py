"""The role `detect` as a whole, on real Kafka, while time passes and nothing comes."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from kafka import KafkaConsumer, KafkaProducer

from pipeline.contracts.topology import ALERTS, DEAD_LETTERS, SCORED, URGENT
from pipeline.model.alert import Alert, from_cloudevent
from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.role_on_kafka import worker
from tests.support.servers_kafka import topics_for_now

PATIENCE = timedelta(hours=4)
"""How long the rule `delivery_missed` waits."""


def about_order(customer: str, type_: EventType, at: datetime, **attributes: str) -> Scored:
    event = Event(
        f"{customer}-{type_}",
        at,
        customer,
        "web",
        type_,
        order_id="O1",
        author_type=AuthorType.SYSTEM,
        attributes={**attributes},
    )
    return Scored(event, None, at)


def publish(kafka: str, *events: Scored) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka)
    for one in events:
        producer.send(SCORED, msgspec.json.encode(one), one.event.customer_id.encode())
    producer.flush()
    producer.close()


def alerts_until(kafka: str, customer: str) -> list[Alert]:
    """Return the alerts from the first on, once there is one of a customer."""
    found: list[Alert] = []
    with KafkaConsumer(
        ALERTS, bootstrap_servers=kafka, auto_offset_reset="earliest", consumer_timeout_ms=40_000
    ) as consumer:
        for one in consumer:
            found.append(from_cloudevent(one.value))
            if found[-1].customer_id == customer:
                return found
    raise AssertionError(f"no alert of {customer}: {found}")


def test_a_missed_promise_alerts_once_without_an_event_though_the_worker_is_killed_and_loses_its_files(  # noqa: E501
    tmp_path: Path, kafka: str
) -> None:
    with topics_for_now(kafka, 2, SCORED, URGENT, ALERTS, DEAD_LETTERS):
        now = datetime.now().astimezone()
        soon = now - PATIENCE + timedelta(seconds=5)
        later = soon + timedelta(seconds=5)
        promise = {
            name: about_order(name, EventType.ORDER_PROMISED, now, promised_at=due.isoformat())
            for name, due in (("kept", soon), ("broken", soon), ("next", later))
        }
        with worker("detect", tmp_path, kafka) as process:
            came = about_order("kept", EventType.ORDER_DELIVERED, now + timedelta(seconds=1))
            publish(kafka, *promise.values(), came)
            publish(kafka, about_order("sure", EventType.OUTAGE_STARTED, now))
            alerts_until(kafka, "sure")
            process.kill()
            process.wait(20)
        shutil.rmtree(tmp_path / "state")
        with worker("detect", tmp_path, kafka):
            (missed,) = (one for one in alerts_until(kafka, "broken") if one.customer_id != "sure")
            assert missed.cause == "promise_broken"
            assert missed.opened_at == soon + PATIENCE
            assert datetime.now().astimezone() - missed.opened_at < timedelta(seconds=30)
            alerts_until(kafka, "next")
        with worker("detect", tmp_path, kafka):
            publish(kafka, about_order("last", EventType.OUTAGE_STARTED, now))
            said = {(one.customer_id, one.id, one.revision) for one in alerts_until(kafka, "last")}
        assert sorted(customer for customer, _, _ in said) == ["broken", "last", "next", "sure"]
