"""Processes forked from one that has everything: their own place, exit code and end."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest

from pipeline.cli.nursery import forked, open_nursery

UNREACHABLE = {"NABIZ_KAFKA_BOOTSTRAP": "127.0.0.1:9"}


@pytest.fixture(scope="module", autouse=True)
def nursery() -> Iterator[None]:
    open_nursery()
    yield
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    multiprocessing.get_context("forkserver").set_forkserver_preload([])


def test_a_command_runs_with_its_environment_output_and_exit_code(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert forked(["config"], {"NABIZ_DATA": "elsewhere"}, log).wait(120) == 0
    assert "elsewhere" in log.read_text()
    assert forked(["worker", "nobody"], {}, log).wait(60) == 2
    assert "NABIZ_DATA" not in os.environ


def test_it_is_known_by_its_command_and_can_be_killed(tmp_path: Path) -> None:
    process = forked(["worker", "understand"], UNREACHABLE, tmp_path / "log")
    told = Path(f"/proc/{process.pid}/cmdline")
    while b"worker understand" not in told.read_bytes():
        assert process.poll() is None
        time.sleep(0.01)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.0)
    process.kill()
    assert process.wait(60) == -9
    assert process.poll() == -9


def test_a_nursery_that_ended_is_opened_again(tmp_path: Path) -> None:
    lost = forked(["worker", "understand"], UNREACHABLE, tmp_path / "log")
    os.kill(forkserver._forkserver._forkserver_pid, 9)  # type: ignore[attr-defined]
    assert lost.wait(60) != 0
    assert forked(["config"], {}, tmp_path / "log").wait(120) == 0


def test_all_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    starts = (
        "import os, pathlib, sys, time\n"
        "from pipeline.cli.nursery import forked, open_nursery\n"
        "open_nursery()\n"
        f"log = pathlib.Path({str(tmp_path / 'log')!r})\n"
        f"one = forked(['simulate', '--rate', '1'], {UNREACHABLE}, log)\n"
        "while not log.exists(): time.sleep(0.01)\n"
        "print(one.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ran = subprocess.run([sys.executable, "-c", starts], stdout=subprocess.PIPE, text=True)
    orphan = Path(f"/proc/{int(ran.stdout)}/stat")
    deadline = time.monotonic() + 30
    # Bytes: the name of a process may be cut within a letter.
    while orphan.exists() and orphan.read_bytes().rpartition(b")")[2].split()[0] != b"Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)
