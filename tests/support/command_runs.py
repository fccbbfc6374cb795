"""What comes of a run of `nabiz` (the fixture of that name), and an API that answers it."""

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
    """Let the API answer so, and keep what it was asked."""
    asked: list[httpx.Request] = []

    def request(method: str, url: str, timeout: float, **kwargs: object) -> httpx.Response:
        asked.append(httpx.Request(method, url, **kwargs))  # type: ignore[arg-type]
        return httpx.Response(status, json=body)

    monkeypatch.setattr(httpx, "request", request)
    return asked
