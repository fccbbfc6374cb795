"""Where servers of this machine are found, whatever they listen on."""

import resource

import httpx
import pytest
from pytest_socket import enable_socket

from agents.runtime.liveness import Liveness
from agents.runtime.metrics_server import serve_page
from pipeline.cli import limits
from pipeline.cli.limits import open_files, raise_open_files
from pipeline.common.ports import free_port, is_free, listening
from pipeline.common.urls import own_page, with_port
from pipeline.config.groups import WorkerSettings


@pytest.fixture(autouse=True)
def sockets() -> None:
    enable_socket()


@pytest.mark.parametrize(
    ("host", "page"),
    [
        ("127.0.0.1", "http://127.0.0.1:8089"),
        ("0.0.0.0", "http://127.0.0.1:8089"),
        ("", "http://127.0.0.1:8089"),
        ("::1", "http://[::1]:8089"),
        ("::", "http://[::1]:8089"),
        ("nabiz.example", "http://nabiz.example:8089"),
    ],
)
def test_a_server_is_found_by_an_address_that_one_can_open(host: str, page: str) -> None:
    assert own_page(host, 8089) == page


def test_an_address_of_ipv6_is_told_from_its_port() -> None:
    assert with_port("::1", 9092) == "[::1]:9092"
    assert with_port("kafka", 9092) == "kafka:9092"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::", "localhost"])
def test_a_worker_s_page_answers_where_it_says(host: str) -> None:
    heartbeat = Liveness.__new__(Liveness)
    heartbeat.problem = lambda: ""  # type: ignore[method-assign, assignment, return-value]
    with serve_page(WorkerSettings(host=host), heartbeat) as address:
        assert httpx.get(f"{address}/healthz").text == "ok"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_is_taken_by_address(host: str) -> None:
    port = free_port()
    assert is_free(port, host)
    with listening(host, port):
        assert not is_free(port, host)


def test_as_many_files_are_taken_as_the_user_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: set_to.append(pair))
    unlimited = resource.RLIM_INFINITY
    for pair, wanted, may in (
        ((256, 1_024), [(1_024, 1_024)], 1_024),
        ((256, unlimited), [(limits.OPEN_FILES, unlimited)], limits.OPEN_FILES),
        ((20_000, 20_000), [], 20_000),
        ((unlimited, unlimited), [], limits.OPEN_FILES),
    ):
        set_to.clear()
        monkeypatch.setattr(resource, "getrlimit", lambda _, pair=pair: pair)
        raise_open_files()
        assert set_to == wanted
        assert open_files() == may
