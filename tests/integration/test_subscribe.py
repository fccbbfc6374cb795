"""What the page for subscribers shows does what it says, on a real broker."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from kafka import KafkaProducer
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.broker.tied_to_parent import tied
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import ALERTS
from pipeline.follow_up.change_kind import Kind
from pipeline.ingest.decode import decode_action
from pipeline.model.action import Action
from pipeline.model.alert import Alert, AlertState, to_cloudevent
from pipeline.service.views import ActionRequest
from tests.support.notify_cases import MONDAY_NOON, alert
from tests.support.servers import missing
from tests.support.servers_kafka import new_topic

PAGE = (ROOT / "docs/subscribe.md").read_text(encoding="utf-8")
SCRIPT = (ROOT / "examples/subscribe.py").read_text(encoding="utf-8")
LIVE, OPEN = re.findall(r"^kcat .*$", PAGE, re.MULTILINE)

OPENED, WORSE, OVER = alert(1), alert(2, severity="critical"), alert(3, state="resolved")
OTHER = alert(1, id="6f1d0b5a-0000-4000-8000-000000000002", customer_id="m-2")


@pytest.fixture
def topic(kafka: str) -> str:
    return new_topic(kafka)


def publish(kafka: str, topic: str, alerts: Sequence[Alert]) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka)
    for one in alerts:
        producer.send(topic, to_cloudevent(one), one.customer_id.encode())
    producer.close()


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[Iterator[str]]:
    """Start a subscriber, which is killed afterwards; yields the lines that it prints."""
    with subprocess.Popen(
        tied(command), cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        try:
            yield (line.rstrip("\n") for line in process.stdout)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_the_page_shows_the_example_and_it_is_short() -> None:
    assert f"```python\n{SCRIPT}```" in PAGE
    assert len(SCRIPT.splitlines()) <= 20


def test_the_action_that_the_page_sends_is_one() -> None:
    (sent,) = re.findall(r"--json '(.*?)'", PAGE)
    asked = msgspec.json.decode(sent, type=ActionRequest)
    action = Action(asked.action_id or "", "a", "m-1", asked.kind, "token", MONDAY_NOON)
    decode_action(msgspec.json.encode(action), b"m-1", now=MONDAY_NOON)


def test_the_page_knows_every_type_of_message() -> None:
    told = {
        name
        for line in PAGE.splitlines()
        if line.startswith("| `nabiz.")
        for name in line.split("`")
    }
    assert {*get_args(Kind)} <= told | {"opened", "expired"}
    assert {"updated", "withdrawn", "resolved"} <= told
    assert {"nabiz.alert.opened", "nabiz.follow_up.opened", "nabiz.follow_up.expired"} <= told
    assert {*get_args(AlertState)} == {"open", "resolved", "withdrawn"}


def remembers(folder: Path, revision: int) -> None:
    """Return when the consumer has written down that it acted on a revision."""
    with closing(sqlite3.connect(folder / "seen.db", timeout=20)) as seen:
        for attempt in Retrying(stop=stop_after_delay(20), wait=wait_fixed(0.02), reraise=True):
            with attempt:
                assert seen.execute("SELECT max(revision) FROM seen").fetchone() == (revision,)


def test_the_consumer_in_python_acts_once_on_each_change_also_when_it_is_killed(
    tmp_path: Path, kafka: str, topic: str
) -> None:
    (tmp_path / "subscribe.py").write_text(SCRIPT.replace(ALERTS, topic), encoding="utf-8")
    command = [sys.executable, "subscribe.py", kafka]
    publish(kafka, topic, [OPENED, WORSE, OPENED, WORSE, OVER])
    with running(command, tmp_path) as lines:
        assert [next(lines) for _ in range(3)] == [
            "open high m-1 Ayrılmak istiyor",
            "open critical m-1 Ayrılmak istiyor",
            "resolved high m-1 Ayrılmak istiyor",
        ]
        remembers(tmp_path, 3)
    publish(kafka, topic, [WORSE, OVER, OTHER])
    with running(command, tmp_path) as lines:
        assert next(lines) == "open high m-2 Ayrılmak istiyor"


def shell(command: str, kafka: str, topic: str) -> list[str]:
    """A command of the page, for this broker and this topic."""
    for program in ("kcat", "jq"):
        if shutil.which(program) is None:
            missing(f"{program} is not installed (apt-get install {program})")
    text = command.replace("localhost:9094", kafka).replace(ALERTS, topic)
    return ["/bin/bash", "-c", text]


def test_kcat_shows_each_change_as_it_comes(tmp_path: Path, kafka: str, topic: str) -> None:
    publish(kafka, topic, [OPENED, WORSE])
    with running(shell(LIVE, kafka, topic), tmp_path) as lines:
        assert [next(lines) for _ in range(2)] == [
            "open\thigh\tm-1\tAyrılmak istiyor",
            "open\tcritical\tm-1\tAyrılmak istiyor",
        ]
        publish(kafka, topic, [OVER])
        assert next(lines) == "resolved\thigh\tm-1\tAyrılmak istiyor"


def test_kcat_and_jq_tell_what_is_open_now(tmp_path: Path, kafka: str, topic: str) -> None:
    publish(kafka, topic, [OPENED, OTHER, WORSE, OVER, OPENED])
    done = subprocess.run(
        shell(OPEN, kafka, topic), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    (line,) = done.stdout.splitlines()
    assert msgspec.json.decode(line.encode(), type=Alert) == OTHER
