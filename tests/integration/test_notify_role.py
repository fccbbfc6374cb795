"""The role `notify` as a whole, on real Kafka: killed, and started again on its states."""

import json
import shutil
import signal
import subprocess
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import msgspec
from kafka import KafkaConsumer, KafkaProducer
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.broker.lag import LagReader
from pipeline.contracts.topology import ALERTS, CASES, GROUPS, changelog_of
from pipeline.follow_up.case import Case
from pipeline.follow_up.case_progress import event_of
from pipeline.model.alert import to_cloudevent
from pipeline.notify.thread import Change
from tests.support.listeners import http_recorder
from tests.support.notify_cases import ALERT_ID, ROUTES, Published, alert, follow_up
from tests.support.role_on_kafka import worker
from tests.support.servers_kafka import topics_for_now

NOW = datetime.now().astimezone()


def role(
    folder: Path, kafka: str, hook: str, duty: str
) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    routes = folder / "routes.yaml"
    routes.write_text(ROUTES.replace("quiet: night\n", ""))
    settings = {
        "NABIZ_NOTIFY_ROUTES": str(routes),
        "NABIZ_NOTIFY_CHANNELS": json.dumps({"chat": f"json://{hook}", "duty": "pagerduty://key"}),
        "NABIZ_NOTIFY_PAGERDUTY": f"http://{duty}",
    }
    return worker("notify", folder, kafka, **settings)


def publish(kafka: str, *changes: Change) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka)
    for one in changes:
        if isinstance(one, Case):
            event = event_of(one, "opened")
            producer.send(CASES, msgspec.json.encode(event), one.customer_id.encode())
        else:
            producer.send(ALERTS, to_cloudevent(one), one.customer_id.encode())
    producer.flush()
    producer.close()


def until_read(kafka: str) -> None:
    """Return when the role has committed all."""
    group = "nabiz-notify"
    with LagReader(kafka) as reader:
        for attempt in Retrying(stop=stop_after_delay(20), wait=wait_fixed(0.1), reraise=True):
            with attempt:
                lags = reader.read({group: GROUPS[group]}, None)
                assert sum(lag.events for lag in lags) == 0


def until_kept(kafka: str, count: int) -> None:
    """Return when the state says that a channel confirmed so many messages.

    A worker that is killed between a web hook's answer and this sends the message again.
    """
    changelog = changelog_of("notify")
    with KafkaConsumer(
        changelog,
        bootstrap_servers=kafka,
        auto_offset_reset="earliest",
        consumer_timeout_ms=20_000,
    ) as consumer:
        assert any(f'"count":{count}'.encode() in one.value for one in consumer)


def test_a_killed_worker_that_lost_its_files_rings_nothing_twice_and_ends_what_it_began(
    tmp_path: Path, kafka: str
) -> None:
    published = Published()
    topics = topics_for_now(kafka, 2, ALERTS, CASES)
    with topics, http_recorder() as hook, http_recorder() as duty:
        with role(tmp_path, kafka, hook.url, duty.url) as process:
            publish(kafka, *published(alert(at=NOW), follow_up(at=NOW)))
            hook.wait_for(lambda came: len(came) == 1, timeout=40)
            until_read(kafka)
            publish(kafka, *published(follow_up(2, at=NOW, stage="acknowledged", owner="ayşe")))
            hook.wait_for(lambda came: len(came) == 2)
            until_kept(kafka, 2)
            process.kill()
            process.wait()
        assert [one["title"] for one in hook.came] == [
            "[high] Wants to leave",
            "Taken on: Wants to leave",
        ]
        shutil.rmtree(tmp_path / "state")
        done = follow_up(3, at=NOW, stage="resolved", end="by_person")
        publish(kafka, *published(alert(at=NOW), alert(2, at=NOW, state="resolved"), done))
        with role(tmp_path, kafka, hook.url, duty.url) as process:
            hook.wait_for(lambda came: len(came) == 3, timeout=40)
            until_read(kafka)
            critical = alert(id=ALERT_ID[:-1] + "2", at=NOW, severity="critical")
            publish(kafka, *published(critical))
            duty.wait_for(lambda came: len(came) == 1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, (tmp_path / "log").read_text()
        assert [one["title"] for one in hook.came][2:] == ["Resolved: Wants to leave"]
        assert [one["event_action"] for one in duty.came] == ["trigger"]
        log = (tmp_path / "log").read_text()
        assert "m-1" not in log
        assert "Bir daha" not in log
