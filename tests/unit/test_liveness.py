"""How a worker is: the heartbeat that sees a stall, and the page that tells it."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pytest_socket import socket_allow_hosts

from agents.runtime import liveness as health
from agents.runtime.liveness import Liveness
from agents.runtime.metrics_server import serve_page
from pipeline.common import metrics
from pipeline.config.groups import WorkerSettings
from pipeline.config.settings import SettingsError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TP = ("cx.scored", 0)


class FakeConsumer:
    """What a heartbeat asks of Faust's consumer."""

    def __init__(self, end: int, begin: int = 0, committed: int | None = None) -> None:
        self.end, self.begin = end, begin
        self.committed: dict[Any, int | None] = {TP: committed}

    def assignment(self) -> set[Any]:
        return {TP, ("changelog", 0)}

    def is_changelog(self, tp: Any) -> bool:
        return bool(tp[0] == "changelog")

    def highwater(self, tp: Any) -> int:
        return self.end if tp == TP else 1_000

    async def earliest_offsets(self, *tps: Any) -> dict[Any, int]:
        return dict.fromkeys(tps, self.begin)

    def commit(self, offset: int) -> None:
        self.committed[TP] = offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(monotonic=1_000.0)
    fake = SimpleNamespace(monotonic=lambda: now.monotonic, time=lambda: NOW.timestamp())
    monkeypatch.setattr(health, "time", fake)
    return now


def heart(consumer: FakeConsumer, in_recovery: bool = False) -> Liveness:
    app: Any = SimpleNamespace(
        consumer=consumer, in_recovery=in_recovery, timer=lambda **_: lambda beat: beat
    )
    app.tables = SimpleNamespace(recovery=SimpleNamespace(active_offsets={}))
    return Liveness(app, "detect", stall_seconds=30)


async def test_lag_without_a_commit_is_a_problem_after_a_while(clock: SimpleNamespace) -> None:
    consumer = FakeConsumer(end=10, committed=3)
    heartbeat = heart(consumer)
    await heartbeat.beat()
    clock.monotonic += 30
    await heartbeat.beat()
    assert heartbeat.problem() is None
    clock.monotonic += 1
    assert heartbeat.problem() == "detect has lag and has committed nothing for 31 s"
    consumer.commit(4)
    await heartbeat.beat()
    assert heartbeat.problem() is None


@pytest.mark.parametrize(
    "consumer",
    [
        FakeConsumer(end=10, committed=10),
        FakeConsumer(end=0),
        FakeConsumer(end=10, begin=10),  # all that was there is past its retention
    ],
)
async def test_a_worker_that_has_nothing_to_do_is_well(
    clock: SimpleNamespace, consumer: FakeConsumer
) -> None:
    heartbeat = heart(consumer)
    for _ in range(5):
        clock.monotonic += 29
        await heartbeat.beat()
    assert heartbeat.problem() is None


async def test_a_worker_that_never_committed_lags(clock: SimpleNamespace) -> None:
    heartbeat = heart(FakeConsumer(end=10))
    await heartbeat.beat()
    clock.monotonic += 31
    await heartbeat.beat()
    assert heartbeat.problem()


async def test_how_far_behind_a_worker_is_goes_by_when_the_broker_had_the_message(
    clock: SimpleNamespace,
) -> None:
    heartbeat = heart(FakeConsumer(end=9, committed=4))
    heartbeat.handled(NOW - timedelta(seconds=7))
    await heartbeat.beat()
    assert metrics.LAG_SECONDS.labels("detect")._value.get() == 7


def test_a_recovery_is_well_while_it_gets_further_however_long(clock: SimpleNamespace) -> None:
    heartbeat = heart(FakeConsumer(end=10), in_recovery=True)
    read: dict[Any, int] = heartbeat._app.tables.recovery.active_offsets  # type: ignore[attr-defined]
    for offset in range(100):  # Faust calls no timer before its tables are recovered
        clock.monotonic += 29
        read["changelog", 0] = offset
        assert heartbeat.problem() is None
    clock.monotonic += 31
    assert heartbeat.problem() == "detect recovers its states and has made no progress for 31 s"


def test_a_loop_that_is_blocked_is_seen(clock: SimpleNamespace) -> None:
    heartbeat = heart(FakeConsumer(end=0))
    clock.monotonic += 31  # and no beat
    assert heartbeat.problem()


class Patient:
    """A heartbeat whose problem the test sets."""

    said: str | None = None

    def problem(self) -> str | None:
        return self.said


@pytest.fixture
def page(socket_enabled: None) -> Iterator[tuple[str, Patient]]:
    socket_allow_hosts(["127.0.0.1"])
    patient: Any = Patient()
    with serve_page(WorkerSettings(), patient) as address:
        yield address, patient


def test_the_page_tells_health_and_metrics(page: tuple[str, Patient]) -> None:
    address, patient = page
    well = httpx.get(f"{address}/healthz", trust_env=False)
    assert (well.status_code, well.text) == (200, "ok")
    assert "nabiz_event_to_alert_seconds" in httpx.get(f"{address}/metrics", trust_env=False).text
    patient.said = "detect has lag"
    ill = httpx.get(f"{address}/healthz", trust_env=False)
    assert (ill.status_code, ill.text) == (503, "detect has lag")
    port = int(address.rpartition(":")[2])
    with (
        pytest.raises(SettingsError, match="another NABIZ_WORKER_PORT"),
        serve_page(WorkerSettings(port=port), patient),  # type: ignore[arg-type]
    ):
        pass


@pytest.mark.parametrize("pause", [None, 0.02])
def test_who_sends_half_a_request_is_let_go_without_a_traceback(
    page: tuple[str, Patient],
    pause: float | None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """However they send it: all at once, or a byte from time to time."""
    monkeypatch.setattr("agents.runtime.metrics_server.WITHIN", 0.3)
    began = time.monotonic()
    with connected(page[0]) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-a: ")
        connection.settimeout(pause or 10)
        with suppress(ConnectionError):
            while True:
                try:
                    assert connection.recv(1) == b""  # closed by the other side
                    break
                except TimeoutError:
                    assert time.monotonic() - began < 10
                    connection.sendall(b"a")
    assert capfd.readouterr().err == ""


def test_the_page_answers_whoever_holds_connections(
    page: tuple[str, Patient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.runtime.metrics_server.MOST", 3)
    with ExitStack() as held:
        first, *_ = [held.enter_context(connected(page[0])) for _ in range(3)]
        assert httpx.get(f"{page[0]}/healthz", trust_env=False).text == "ok"
        assert first.recv(1) == b""


def connected(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)
