"""How `nabiz up` is stopped: by which signals, and what it stops in which order."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from rich.console import Console

from pipeline.cli.machine import Machine
from pipeline.cli.supervisor import Child
from pipeline.cli.up import _stop_on_signals
from pipeline.config.settings import Settings

HEARS_OF_ALL = """
import signal, sys, time
from pathlib import Path

folder, name = Path(sys.argv[1]), sys.argv[2]

def told(*_):
    (folder / f"{name}.told").touch()
    while len([*folder.glob("*.told")]) < 3:
        time.sleep(0.01)
    sys.exit()

signal.signal(signal.SIGTERM, told)
(folder / f"{name}.runs").touch()
while True:
    signal.pause()
"""
"""A program that ends once two others have been told to, too."""


def test_all_are_told_to_stop_before_any_is_waited_for_and_kafka_then(tmp_path: Path) -> None:
    nabiz = Machine(Settings(), tmp_path, 1, Console(quiet=True))
    for name in ("understand", "record", "sample"):
        program = [sys.executable, "-c", HEARS_OF_ALL, str(tmp_path), name]
        nabiz.children.append(Child(name, program, {}, tmp_path / f"{name}.log", ""))
        nabiz.children[-1].start()
    deadline = time.monotonic() + 30
    while len([*tmp_path.glob("*.runs")]) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    ended: list[int | None] = []
    processes = [child.process for child in nabiz.children if child.process]
    nabiz._broker = Mock(stop=lambda: ended.extend(one.poll() for one in processes))
    nabiz.stop()
    assert ended == [0, 0, 0]


@pytest.fixture
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whether or not the tests run under `nohup`
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize(("number", "quiet"), [(signal.SIGTERM, False), (signal.SIGHUP, True)])
def test_a_signal_stops_like_ctrl_c_and_nothing_is_written_to_a_closed_terminal(
    number: signal.Signals, quiet: bool
) -> None:
    console = Console()
    _stop_on_signals(console)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert console.quiet is quiet


@pytest.mark.usefixtures("signals")
def test_nohup_is_respected() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _stop_on_signals(Console())
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
