"""A role on real Kafka: what is committed when it crashes, and when it is told to stop."""

import os
import signal
import subprocess
from pathlib import Path

from agents.runtime.crash import EXIT_CRASH
from pipeline.broker.lag import LagReader
from pipeline.cli.errors import EXIT_AWAY
from pipeline.cli.supervisor import nabiz
from tests.support.role_on_kafka import committed, running, send, until_committed
from tests.support.servers_kafka import new_topic


def test_a_batch_that_failed_is_not_committed_and_comes_again(tmp_path: Path, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    (tmp_path / "fail").touch()
    with LagReader(kafka) as reader:
        send(kafka, topic, b"a", b"b")
        with running(tmp_path, kafka, topic) as role:
            until_committed(reader, topic, 2)
            send(kafka, topic, b"poison", b"c")
            assert role.process.wait(30) == EXIT_CRASH
        assert committed(reader, topic) == 2
        (tmp_path / "fail").unlink()
        with running(tmp_path, kafka, topic) as role:
            role.wait_for(lambda offsets: len(offsets) == 2)
            assert role.offsets == [2, 3]
            until_committed(reader, topic, 4)


def test_a_role_that_is_told_to_stop_commits_what_it_has_done_and_stops_soon(
    tmp_path: Path, kafka: str
) -> None:
    topic = new_topic(kafka, 1)
    with LagReader(kafka) as reader, running(tmp_path, kafka, topic) as role:
        send(kafka, topic, *[b"a"] * 500)
        role.wait_for(lambda offsets: len(offsets) == 500)
        role.process.send_signal(signal.SIGTERM)
        assert role.process.wait(5) == 0
        assert committed(reader, topic) == 500


def test_a_role_without_kafka_says_so(tmp_path: Path) -> None:
    settings = {"NABIZ_KAFKA_BOOTSTRAP": "127.0.0.1:1", "NABIZ_DATA": str(tmp_path)}
    ran = subprocess.run(
        nabiz("worker", "understand"),
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == EXIT_AWAY
    assert "nabiz: Kafka at 127.0.0.1:1 does not answer" in ran.stderr
    assert "Traceback" not in ran.stderr
