"""Look-ups: patient with APIs that are away, and only of hosts that the owner has named."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.processors import source_api
from agents.processors.source_api import SourceApi
from agents.processors.translation import LookUp
from pipeline.config.connectors import TranslateSettings
from pipeline.connectors.connection import Connection
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import Answer, Request
from tests.support.deliveries import MAPPING

BASE = "http://127.0.0.1:9"
URL = f"{BASE}/ratings/1"
Handler = Callable[[httpx.Request], httpx.Response]


class Sleeps:
    """The clock of the tests: whoever sleeps moves it on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, tzinfo=UTC)
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)

    def api(self, handler: Handler, **settings: float) -> SourceApi:
        transport = httpx.MockTransport(handler)
        given = TranslateSettings.model_validate(settings)
        return SourceApi(given, lambda: self.now, self.sleep, addresses_of, transport)


async def addresses_of(host: str, port: int) -> list[str]:
    return [{"127.0.0.1": "127.0.0.1", "eu.api.example": "8.8.8.8"}[host]]


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


def mapping(fetch: str = "") -> Mapping:
    text = MAPPING.replace("{connection.base_url}/ratings/{body.id}", fetch) if fetch else MAPPING
    return Mapping(Path("mapping.yaml"), text.encode())


async def asked(
    handler: Handler,
    sleeps: Sleeps,
    url: str = URL,
    *,
    retried: bool = True,
    fetch: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    seconds: float = 3_600,
    **connection: Any,
) -> Answer:
    settings = {"base_url": BASE, **connection}
    request = Request(url, headers, retried)
    wanted = LookUp(Connection("desk", "desk", settings), mapping(fetch), [request], sleeps.now)
    api = sleeps.api(handler)
    answers = await api.ask(wanted, sleeps.now + timedelta(seconds=seconds))
    await api.close()
    return answers[request]


def answering(*answers: httpx.Response | Exception) -> Handler:
    left = [*answers]

    def handle(request: httpx.Request) -> httpx.Response:
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    return handle


def found() -> httpx.Response:
    return httpx.Response(200, json={"customer": "C-1"})


async def test_what_is_there_is_parsed(sleeps: Sleeps) -> None:
    assert await asked(answering(found()), sleeps) == Answer({"customer": "C-1"})
    assert sleeps.pauses == []


@pytest.mark.parametrize("trouble", [httpx.Response(503), httpx.ConnectTimeout("slow")])
async def test_an_api_that_is_away_is_asked_again_with_growing_pauses(
    sleeps: Sleeps, trouble: httpx.Response | Exception
) -> None:
    answer = await asked(answering(trouble, trouble, trouble, found()), sleeps)
    assert answer == Answer({"customer": "C-1"})
    assert sleeps.pauses == [0.5, 1.0, 2.0]


async def test_the_api_says_how_long_to_wait(sleeps: Sleeps) -> None:
    limited = httpx.Response(429, headers={"retry-after": "42"})
    assert (await asked(answering(limited, found()), sleeps)).body
    assert sleeps.pauses == [42.0]


async def test_in_the_end_the_answer_says_what_was_wrong(sleeps: Sleeps) -> None:
    answer = await asked(answering(httpx.Response(500)), sleeps, seconds=600)
    assert answer.body is None
    assert "127.0.0.1 answers 500" in answer.problem
    assert 500 < sum(sleeps.pauses) <= 600


async def test_what_may_come_yet_is_asked_for_again_for_two_minutes(sleeps: Sleeps) -> None:
    assert (await asked(answering(httpx.Response(404), found()), sleeps)).body
    sleeps.pauses.clear()
    assert await asked(answering(httpx.Response(404)), sleeps) == Answer(None)
    assert 60 < sum(sleeps.pauses) <= 240


@pytest.mark.parametrize("status", [204, 404, 410])
async def test_what_is_gone_for_good_is_not_asked_for_again(sleeps: Sleeps, status: int) -> None:
    assert await asked(answering(httpx.Response(status)), sleeps, retried=False) == Answer(None)
    assert sleeps.pauses == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:9092/ratings/1",
        "https://127.0.0.1:9/ratings/1",
        "http://127.0.0.1:9@evil.example/ratings/1",
        "file:///etc/passwd",
        "http://[::1",
        "//127.0.0.1:9/",
    ],
)
async def test_what_nobody_has_named_is_not_asked(sleeps: Sleeps, url: str) -> None:
    answer = await asked(refuse, sleeps, url)
    assert "named by no setting" in answer.problem


async def test_a_host_of_the_mapping_may_not_be_on_a_private_network(sleeps: Sleeps) -> None:
    fetch = "http://127.0.0.1:8000/ratings/{body.id}"
    answer = await asked(refuse, sleeps, "http://127.0.0.1:8000/ratings/1", fetch=fetch)
    assert "private network" in answer.problem


async def test_a_host_that_the_mapping_makes_of_a_setting_is_asked(sleeps: Sleeps) -> None:
    fetch = "https://{connection.region}.api.example/ratings/{body.id}"
    url = "https://eu.api.example/ratings/1"
    assert (await asked(answering(found()), sleeps, url, fetch=fetch, region="eu")).body
    assert (await asked(refuse, sleeps, url, fetch=fetch, region="us")).problem


async def test_a_host_that_a_delivery_makes_is_not_asked(sleeps: Sleeps) -> None:
    fetch = "https://{body.host}.example/ratings/{body.id}"
    answer = await asked(refuse, sleeps, "https://evil.example/ratings/1", fetch=fetch)
    assert "named by no setting" in answer.problem


def refuse(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"{request.url} was asked")


async def test_a_redirection_is_not_followed(sleeps: Sleeps) -> None:
    away = httpx.Response(302, headers={"location": "http://169.254.169.254/"})
    assert "answers 302" in (await asked(answering(away), sleeps, seconds=1)).problem


async def test_an_answer_without_end_is_not_read_to_the_end(sleeps: Sleeps) -> None:
    large = httpx.Response(200, content=b" " * (source_api.LARGEST + 1))
    assert "bytes" in (await asked(answering(large), sleeps, seconds=1)).problem


async def test_a_token_of_the_connection_goes_along(sleeps: Sleeps) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization", ""))
        return found()

    await asked(handle, sleeps)
    await asked(handle, sleeps, access_token="t1")
    mapped = (("Authorization", "Zoho-oauthtoken {access_token}"),)
    await asked(handle, sleeps, headers=mapped, access_token=["t2", "t1"])
    assert seen == ["", "Bearer t1", "Zoho-oauthtoken t2"]


async def test_a_token_is_fetched_once_and_again_when_it_is_refused(sleeps: Sleeps) -> None:
    fetched: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            fetched.append(request.content)
            return httpx.Response(200, json={"access_token": f"t{len(fetched)}", "expires_in": 90})
        good = request.headers["authorization"] == "Bearer t2"
        return found() if good else httpx.Response(401)

    oauth = {"token_url": f"{BASE}/token", "client_id": "c", "refresh_token": "r"}
    assert (await asked(handle, sleeps, **oauth)).body
    assert fetched == [b"grant_type=refresh_token&client_id=c&refresh_token=r"] * 2


async def test_no_token_is_told_without_secrets(sleeps: Sleeps) -> None:
    oauth = {"token_url": f"{BASE}/token", "client_id": "c", "client_secret": "hidden"}
    answer = await asked(answering(httpx.Response(400)), sleeps, seconds=1, **oauth)
    assert "no token" in answer.problem
    assert "hidden" not in answer.problem


async def test_questions_of_a_connection_keep_to_its_rate(sleeps: Sleeps) -> None:
    requests = [Request(f"{BASE}/ratings/{n}") for n in range(source_api.BURST + 4)]
    wanted = LookUp(Connection("desk", "desk", {"base_url": BASE}), mapping(), requests, sleeps.now)
    api = sleeps.api(answering(found()), calls_per_second=2)
    began = sleeps.now
    await api.ask(wanted, sleeps.now + timedelta(hours=1))
    assert sleeps.now - began >= timedelta(seconds=2)
