"""The role `follow_up` as a whole, on real Kafka: killed, and started again without its files."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, uuid5

import msgspec
from kafka import KafkaConsumer, KafkaProducer

from pipeline.contracts.topology import ACTIONS, ALERTS, CASES, DEAD_LETTERS, FOLLOW_UPS
from pipeline.follow_up.case import CaseEvent
from pipeline.follow_up.case_progress import case_id_of
from pipeline.follow_up.value import FollowUpEvent
from pipeline.model.action import Action
from pipeline.model.alert import Alert, to_cloudevent
from pipeline.model.dead_letter import DeadLetter
from tests.support.notify_cases import ALERT_ID, alert
from tests.support.role_on_kafka import worker
from tests.support.servers_kafka import topics_for_now

T = TypeVar("T")
NOW = datetime.now().astimezone()
SLA = """
acknowledge: {critical: 2s, high: 1h, medium: 4h, low: 1d}
contact: {critical: 1h, high: 4h, medium: 1d, low: 3d}
snooze_at_most: 1d
expire: 14d
forget: 30d
"""


def role(folder: Path, kafka: str) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    sla = folder / "sla.yaml"
    sla.write_text(SLA)
    return worker("follow_up", folder, kafka, NABIZ_FOLLOWUP_SLA=str(sla))


def publish(kafka: str, *changes: Alert | Action) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka)
    for one in changes:
        topic, value = (
            (ALERTS, to_cloudevent(one))
            if isinstance(one, Alert)
            else (ACTIONS, msgspec.json.encode(one))
        )
        producer.send(topic, value, one.customer_id.encode())
    producer.flush()
    producer.close()


def read_until(kafka: str, topic: str, kind: type[T], enough: Callable[[list[T]], bool]) -> list[T]:
    """Return the messages of a topic from the first on, once they are enough."""
    found: list[T] = []
    with KafkaConsumer(
        topic, bootstrap_servers=kafka, auto_offset_reset="earliest", consumer_timeout_ms=30_000
    ) as consumer:
        for one in consumer:
            found.append(msgspec.json.decode(one.value, type=kind))
            if enough(found):
                return found
    raise AssertionError(f"not enough on {topic}: {found}")


def types_of(events: Sequence[FollowUpEvent], alert_id: str) -> list[str]:
    """Return what the changes of a follow-up were, each once."""
    changes = {one.data.revision: one.type for one in events if one.data.alert_id == alert_id}
    return [changes[revision].rpartition(".")[2] for revision in sorted(changes)]


def did(number: int, kind: str, **fields: Any) -> Action:
    given = {"by": "ayşe", "at": NOW, **fields}
    return Action(f"x{number}", ALERT_ID, "m-1", kind=kind, **given)  # type: ignore[arg-type]


def test_a_killed_worker_that_lost_its_files_goes_on_where_it_was_and_sees_to_the_time(
    tmp_path: Path, kafka: str
) -> None:
    with topics_for_now(kafka, 2, ALERTS, ACTIONS, FOLLOW_UPS, CASES, DEAD_LETTERS):
        goes_on_where_it_was(tmp_path, kafka)


def goes_on_where_it_was(tmp_path: Path, kafka: str) -> None:
    opened = alert(severity="high", at=NOW, opened_at=NOW)
    with role(tmp_path, kafka):
        publish(kafka, did(1, "acknowledge"), opened, did(2, "resolve"))
        read_until(kafka, FOLLOW_UPS, FollowUpEvent, bool)
        (refused,) = read_until(kafka, DEAD_LETTERS, DeadLetter, bool)
        assert "outcome" in refused.sentence
    shutil.rmtree(tmp_path / "state")
    urgent = alert(id=ALERT_ID[:-1] + "2", severity="critical", at=NOW, opened_at=NOW)
    with role(tmp_path, kafka) as process:
        contact = did(3, "contact", at=NOW + timedelta(seconds=1), note="yarın yine")
        publish(kafka, opened, did(1, "acknowledge"), contact, urgent)
        events = read_until(
            kafka,
            FOLLOW_UPS,
            FollowUpEvent,
            lambda came: (
                "contacted" in types_of(came, ALERT_ID) and "escalated" in types_of(came, urgent.id)
            ),
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (tmp_path / "log").read_text()
    assert types_of(events, urgent.id) == ["opened", "escalated"]
    cases = read_until(kafka, CASES, CaseEvent, lambda came: came[-1].data.escalation == 1)
    assert len({event.data.case_id for event in cases}) == 1
    assert len({event.id for event in cases}) == len({event.data.revision for event in cases})
    assert {cause.alert_id for cause in cases[-1].data.causes} == {ALERT_ID, urgent.id}
    last = max(
        (one.data for one in events), key=lambda one: (one.alert_id == ALERT_ID, one.revision)
    )
    assert (last.stage, last.owner, last.note) == ("contacted", "ayşe", "yarın yine")
    log = (tmp_path / "log").read_text()
    assert "m-1" not in log
    assert "yarın yine" not in log


CUSTOMERS = [f"killed-{number}" for number in range(6)]


def alerts_of(customer_id: str, minutes: int) -> list[Alert]:
    """Two alerts of a customer, and the second again, graver."""
    first, second = (str(uuid5(NAMESPACE_OID, f"{customer_id}/{name}")) for name in "ab")
    given = {"customer_id": customer_id, "severity": "high", "at": NOW - timedelta(minutes=minutes)}
    then = NOW - timedelta(minutes=minutes - 1)
    return [
        alert(id=first, **given),
        alert(id=second, **given),
        alert(2, id=second, **given | {"severity": "critical", "at": then}),
    ]


def test_a_case_is_told_once_a_revision_however_often_the_worker_is_killed(
    tmp_path: Path, kafka: str
) -> None:
    with topics_for_now(kafka, 2, ALERTS, ACTIONS, FOLLOW_UPS, CASES, DEAD_LETTERS):
        by_customer = [alerts_of(customer_id, 30) for customer_id in CUSTOMERS]
        for step in range(3):
            with role(tmp_path, kafka) as process:
                publish(kafka, *(alerts[step] for alerts in by_customer))
                wanted = (step + 1) * len(CUSTOMERS)
                read_until(kafka, CASES, CaseEvent, lambda came, least=wanted: len(came) >= least)
                process.kill()
                process.wait()
        cases = {
            first.customer_id: case_id_of(first.customer_id, first.id) for first, *_ in by_customer
        }
        takes = [
            Action(f"take-{customer_id}", case_id, customer_id, "acknowledge", "ayşe", NOW)
            for customer_id, case_id in cases.items()
        ]
        with role(tmp_path, kafka):
            publish(kafka, *takes)
            events = read_until(kafka, CASES, CaseEvent, all_taken)
        ids = {(event.data.case_id, event.data.revision): event.id for event in events}
        assert {(event.data.case_id, event.data.revision, event.id) for event in events} == {
            (*change, id_) for change, id_ in ids.items()
        }
        assert {event.subject: event.data.case_id for event in events} == cases
        last = {event.subject: event.data for event in events}
        assert {(one.severity, len(one.causes)) for one in last.values()} == {("critical", 2)}


def all_taken(events: list[CaseEvent]) -> bool:
    last = {event.subject: event.data for event in events}
    return len(last) == len(CUSTOMERS) and all(one.owner == "ayşe" for one in last.values())
