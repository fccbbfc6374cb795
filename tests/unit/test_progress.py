"""A start that is slow is told from one that hangs by what its processes do."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline.broker import local
from pipeline.broker.errors import BrokerError
from pipeline.broker.local import LocalBroker
from pipeline.common import progress
from pipeline.common.progress import LONGEST, Watch

SLEEPS = "import time; time.sleep(600)"
WORKS = "while True: pass"
SECOND = 1_000_000_000


def gave_up(
    monkeypatch: pytest.MonkeyPatch, log: Path, *, works: float = 0.0, logs_every: int = 10_000
) -> int | None:
    """After how many seconds, if its processes want a processor for a share `works` of them."""
    watch = Watch(60.0, 0.0)
    for now in range(LONGEST * 60):
        wanted = Counter({"1": int(now * works * SECOND)})
        monkeypatch.setattr(progress, "_wanted", lambda _, wanted=wanted: wanted)
        if now % logs_every == logs_every - 1:
            log.write_text("line\n" * now)
        if watch.stalled([1], [log], float(now)):
            return now
    return None


def test_who_waits_for_what_does_not_come_has_failed_after_its_patience(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert gave_up(monkeypatch, tmp_path / "log", works=0.19) == 61 + 1  # as much as idle Kafka


@pytest.mark.parametrize(("works", "logs_every"), [(0.9, 10_000), (0.0, 50)])
def test_who_works_or_writes_a_log_may_take_its_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, works: float, logs_every: int
) -> None:
    log = tmp_path / "log"
    assert gave_up(monkeypatch, log, works=works, logs_every=logs_every) is None


def test_nothing_may_take_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    watch = Watch(1.0, 0.0)
    monkeypatch.setattr(progress, "_wanted", lambda _: Counter({"1": time.monotonic_ns()}))
    assert watch.stalled([1], [], LONGEST + 0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who waits for a processor")
@pytest.mark.parametrize(("program", "works"), [(SLEEPS, False), (WORKS, True)])
def test_a_process_that_works_is_told_from_one_that_sleeps(program: str, works: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        try:
            watch, end = Watch(2.0, time.monotonic()), time.monotonic() + 8
            while not (stalled := watch.stalled([process.pid], [], time.monotonic())):
                if time.monotonic() > end:
                    break
                time.sleep(0.1)
        finally:
            process.kill()
    assert stalled is not works


def test_a_busy_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.os, "cpu_count", lambda: 2)
    for load, said in (
        (31.2, "90 s; this machine has 31 programs at work for 2 cores"),
        (1, "90 s"),
    ):
        monkeypatch.setattr(progress.os, "getloadavg", lambda load=load: (load, 0.0, 0.0))
        assert Watch(60.0, 0.0).said(90.0) == said


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a broker whose Java sleeps."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "meta.properties").touch()
    monkeypatch.setattr(local, "java", lambda *_: [sys.executable, "-c", SLEEPS])
    monkeypatch.setattr(local, "_configure", lambda *_: 1)
    monkeypatch.setattr(local, "_answers", lambda _: False)
    return tmp_path


def test_a_broker_that_hangs_says_so_and_what_to_set(prepared: Path) -> None:
    with pytest.raises(BrokerError, match=r"Kafka does not come up: \d+ s.*NABIZ_UP_PATIENCE"):
        LocalBroker.start(prepared, patience=0.2)


@pytest.mark.parametrize("left", [b"", b'{"port": 19', b"\xff"])
def test_what_a_full_disk_left_of_the_ports_stops_no_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: bytes
) -> None:
    monkeypatch.setattr(local, "free_port", lambda last, _=(): last or 19_092)
    (tmp_path / "ports.json").write_bytes(left)
    assert local._configure(tmp_path, None) == 19_092


def test_ctrl_c_ends_a_broker_that_starts(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def interrupt(said: str) -> None:
        raise KeyboardInterrupt

    def popen(*arguments: object, **how: object) -> "subprocess.Popen[bytes]":
        started.append(subprocess_popen(*arguments, **how))  # type: ignore[call-overload]
        return started[-1]

    subprocess_popen = subprocess.Popen
    monkeypatch.setattr(local.subprocess, "Popen", popen)
    with pytest.raises(KeyboardInterrupt):
        LocalBroker.start(prepared, say=interrupt)
    assert [one.poll() is None for one in started] == [False]
