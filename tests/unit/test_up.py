"""`nabiz up`: a role that dies or hangs is started again and named; the screen asks sparingly."""

import errno
import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import httpx
import msgspec
import pytest
from rich.console import Console

from pipeline.broker.errors import BrokerError
from pipeline.broker.local import LocalBroker
from pipeline.cli import live, machine, supervisor
from pipeline.cli.errors import Unavailable
from pipeline.cli.live import restarts
from pipeline.cli.machine import Machine
from pipeline.cli.supervisor import Child, spawned
from pipeline.common.processes import Process
from pipeline.config.settings import Settings
from pipeline.contracts.topology import EXIT_HALT
from pipeline.service.views import BrokerStatus, Status, StoreStatus

FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    monkeypatch.setattr(supervisor, "CHECK_EVERY", 0.0)
    monkeypatch.setattr(supervisor, "HANGS_AFTER", 0.05)
    one = Child("detect", FOREVER, {}, tmp_path / "detect.log", "http://page", pause=0.0)
    one.start()
    yield one
    supervisor.stop([one])


def tick_until(child: Child, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline
        child.tick()
        time.sleep(0.005)


def page(monkeypatch: pytest.MonkeyPatch, status: int | None) -> None:
    """Let the child's page answer so, or not at all."""

    def get(request: httpx.Request) -> httpx.Response:
        assert request.url == "http://page/healthz"
        if status is None:
            raise httpx.ReadTimeout("timed out")
        return httpx.Response(status)

    client = httpx.Client(transport=httpx.MockTransport(get))
    monkeypatch.setattr(supervisor, "_client", lambda: client)


@pytest.mark.parametrize("status", [503, None])
def test_a_role_that_hangs_is_started_again(
    child: Child, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    page(monkeypatch, status)
    hanging = child.process
    tick_until(child, lambda: child.deaths == 1)
    page(monkeypatch, 200)
    tick_until(child, lambda: child.process is not None)
    assert hanging is not None
    assert hanging.poll() is not None
    assert child.process is not hanging
    assert "killed: no good answer at http://page/healthz" in child.log.read_text()


def test_a_role_that_hangs_on_a_full_disk_is_started_again(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(monkeypatch, None)
    child.log = Path("/dev/full")
    tick_until(child, lambda: child.deaths == 1)


def test_a_healthy_role_is_left_alone(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    page(monkeypatch, 200)
    well = child.process
    until = time.monotonic() + 0.2
    tick_until(child, lambda: time.monotonic() > until)
    assert (child.process, child.deaths) == (well, 0)


def test_a_role_that_was_started_again_is_named_with_its_log(tmp_path: Path) -> None:
    children = [Child(name, [], {}, tmp_path / name, "") for name in ("detect", "record")]
    assert live.restarts(children) == ""
    children[1].deaths = 2
    assert live.restarts(children) == f"record restarted 2×: see {tmp_path / 'record'}"


def test_kpis_are_asked_for_only_when_they_are_old() -> None:
    asked: list[str] = []
    status = b""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, content=status if "status" in request.url.path else b"[]")

    with httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer)) as client:
        view = None
        for second in range(21):
            stored = StoreStatus(rows={"events": second})
            status = msgspec.json.encode(Status((), stored, BrokerStatus("k:1", None)))
            view = live.ask(client, view, float(second))
        assert asked.count("/v1/kpis") == 3
        assert asked.count("/v1/status") == asked.count("/v1/alerts") == 21
        asked.clear()
        for second in range(21, 51):
            view = live.ask(client, view, float(second))
        assert asked.count("/v1/kpis") == 1, "nothing was stored: only what grows old changes them"


def test_while_the_api_is_away_there_is_no_view() -> None:
    away = httpx.MockTransport(lambda _: httpx.Response(503, text="away"))
    with httpx.Client(base_url="http://api", transport=away) as client:
        assert live.ask(client, None, 0.0) is None


def test_a_role_that_halted_stays_down_and_is_named(tmp_path: Path) -> None:
    halts = [sys.executable, "-c", f"raise SystemExit({EXIT_HALT})"]
    one = Child("understand", halts, {}, tmp_path / "understand.log", "", pause=0.0)
    one.start()
    assert one.process is not None
    one.process.wait(30)
    one.tick()
    assert one.halted
    assert restarts([one]) == f"understand HALTED: see {one.log}"


def test_the_history_is_published_once_however_often_that_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    runs: list[str] = []

    def fork(arguments: list[str], *_: object) -> Process:
        runs.append(arguments[-1])
        if len(runs) == 1:
            raise KeyboardInterrupt
        return subprocess.Popen(["true"])

    monkeypatch.setattr(machine, "forked", fork)
    monkeypatch.setattr(Child, "start", lambda _: None)
    started = Machine(Settings(), tmp_path, 1, Console(quiet=True))
    with pytest.raises(KeyboardInterrupt):
        started._start_sample()
    started._start_sample()
    started._start_sample()
    assert len(runs) == 2


def test_a_history_that_cannot_be_published_ends_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    fails = [sys.executable, "-c", "raise SystemExit('nabiz: Kafka does not answer')"]
    monkeypatch.setattr(machine, "forked", lambda _, *rest: spawned(fails, *rest))
    with pytest.raises(
        Unavailable, match=r"(?s)history was not published.*sample\.log.*does not answer"
    ):
        Machine(Settings(), tmp_path, 1, Console(quiet=True))._start_sample()


def test_a_screen_that_cannot_be_written_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown: list[object] = []

    def display(view: object) -> None:
        shown.append(view)
        if len(shown) == 3:
            raise KeyboardInterrupt
        raise OSError(errno.ENOSPC, "No space left on device")

    view = live.View(Status((), StoreStatus(), BrokerStatus("k:1", None)), [], [], 0.0)
    monkeypatch.setattr(live, "ask", lambda *_: view)
    silent = Machine(Settings(), tmp_path, 1, Console(quiet=True))
    with httpx.Client() as client, pytest.raises(KeyboardInterrupt):
        live._loop(silent, client, 0.0, display)
    assert len(shown) == 3


ENDED = Mock(process=Mock(poll=Mock(return_value=1)), port=23_456, log=Path("no log"))
"""A Kafka that has died."""


@pytest.mark.parametrize(
    ("free", "error", "said"),
    [
        (0, BrokerError("Kafka ended with status 1"), "Kafka does not run: the disk of"),
        (0, OSError(errno.ENOSPC, "No space left"), "Kafka does not run: the disk of"),
        (2**40, BrokerError("Kafka ended with status 1"), "Kafka ended with status 1"),
    ],
)
def test_a_kafka_that_does_not_come_back_is_tried_again_and_what_is_the_matter_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, error: Exception, said: str
) -> None:
    runs = Mock(process=Mock(poll=Mock(return_value=None)), log=tmp_path / "kafka.log")
    tries = Mock(side_effect=[error, runs])
    monkeypatch.setattr(LocalBroker, "start", tries)
    monkeypatch.setattr(machine, "is_free", lambda port: port == ENDED.port)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Mock(free=free))
    output = io.StringIO()
    nabiz = Machine(Settings(), tmp_path, 1, Console(file=output, width=500))
    nabiz._broker = ENDED
    for now in (100.0, 101.0, 131.0, 200.0):
        monkeypatch.setattr(time, "monotonic", lambda now=now: now)
        nabiz.tick()
    assert (tries.call_count, nabiz._broker) == (2, runs)
    assert {call.args for call in tries.call_args_list} == {(tmp_path / "kafka", ENDED.port)}
    assert [line.startswith(said) for line in output.getvalue().splitlines()] == [True]


def test_a_kafka_whose_port_was_taken_meanwhile_ends_nabiz_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another port the roles would not find it."""
    starts = Mock()
    monkeypatch.setattr(LocalBroker, "start", starts)
    monkeypatch.setattr(machine, "is_free", lambda _: False)
    nabiz = Machine(Settings(), tmp_path, 1, Console(quiet=True))
    nabiz._broker = ENDED
    with pytest.raises(
        Unavailable, match="another program has taken its port 23456: type nabiz up again"
    ):
        nabiz.tick()
    starts.assert_not_called()


def starting(tmp_path: Path, code: int) -> Machine:
    """A machine whose only role has ended with this code."""
    nabiz = Machine(Settings(), tmp_path, 1, Console(quiet=True))
    program = [sys.executable, "-c", f"raise SystemExit({code})"]
    role = Child("detect", program, {}, tmp_path / "detect.log", "http://page")
    role.start()
    assert role.process
    role.process.wait(30)
    nabiz.children.append(role)
    return nabiz


def test_a_role_that_halts_as_it_starts_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(monkeypatch, None)
    monkeypatch.setattr(machine, "answers", lambda _: False)
    with pytest.raises(Unavailable, match=r"detect does not come up; the end of .*detect\.log"):
        starting(tmp_path, EXIT_HALT)._wait_until_ready(lambda _: None)


def test_no_role_is_waited_for_without_a_kafka(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "answers", lambda _: False)
    (tmp_path / "kafka.log").write_text("no space left")
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"]) as process:
        process.wait(30)
        nabiz = starting(tmp_path, 0)
        nabiz._broker = LocalBroker(9092, process, tmp_path / "kafka.log")
        with pytest.raises(BrokerError, match=r"(?s)Kafka ended with status 1.*no space left"):
            nabiz._wait_until_ready(lambda _: None)
