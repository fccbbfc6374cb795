"""No log grows without bound: what is repeated is said once a minute, large files are put aside."""

import errno
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.common.logs import REPEATED_EVERY, Once
from pipeline.common.processes import bound


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(name: str, message: object, *args: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "client.py", 7, message, args, None)


def test_a_library_says_the_same_once_a_minute_and_how_often() -> None:
    clock = Clock()
    once = Once(clock)
    said = [once.filter(record("aiokafka", "no node %s", number)) for number in range(100)]
    assert said == [True] + [False] * 99
    assert once.filter(record("aiokafka", "another thing"))
    clock.now = REPEATED_EVERY
    again = record("aiokafka", "no node %s", 1)
    assert once.filter(again)
    assert again.getMessage() == "no node 1 (and 99 times more)"


def test_a_library_may_log_what_is_no_text() -> None:
    once = Once(Clock())
    assert [once.filter(record("aiokafka", {"node": 1})) for _ in range(2)] == [True, False]


def test_what_we_say_ourselves_is_always_said() -> None:
    once = Once(Clock())
    assert all(once.filter(record("agents.runtime.app", "role stops")) for _ in range(3))


def test_what_is_never_the_same_does_not_fill_the_memory() -> None:
    once = Once(Clock())
    assert all(once.filter(record("aiokafka", f"record {number}")) for number in range(5_000))
    assert len(once._said) <= 1_000


def test_a_large_log_is_put_aside_and_its_process_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "role.log"
    writer = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)\nprint('end')"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", writer], stdin=subprocess.PIPE, stdout=output
        )
    assert process.stdin
    process.stdin.write(b"old\n" * 100)
    process.stdin.flush()
    while log.stat().st_size < 400:
        pass
    bound(log, 100)
    process.stdin.close()
    assert process.wait(60) == 0
    assert log.read_text() == "end\n"
    assert (tmp_path / "role.log.1").read_text() == "old\n" * 100


def test_a_large_log_on_a_full_disk_gives_up_its_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    log = tmp_path / "role.log"
    log.write_text("old\n" * 100)
    monkeypatch.setattr(shutil, "copyfile", full)
    bound(log, 100)
    assert log.read_text() == ""


def test_a_small_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "role.log"
    bound(log)
    log.write_text("all is well\n")
    bound(log)
    assert [one.name for one in tmp_path.iterdir()] == ["role.log"]
