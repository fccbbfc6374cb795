"""The result of the fixture `nabiz`, and a stand-in for the API."""

from collections.abc import Callable
from typing import NamedTuple

import httpx
import pytest


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Nabiz = Callable[..., Ran]


def answering(monkeypatch: pytest.MonkeyPatch, status: int, body: object) -> list[httpx.Request]:
    """Make the API return this answer; return the list of its requests."""
    requests: list[httpx.Request] = []

    def request(method: str, url: str, timeout: float, **kwargs: object) -> httpx.Response:
        requests.append(httpx.Request(method, url, **kwargs))  # type: ignore[arg-type]
        return httpx.Response(status, json=body)

    monkeypatch.setattr(httpx, "request", request)
    return requests
