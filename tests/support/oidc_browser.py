"""Plays a browser that logs in at an OpenID provider."""

import httpx
from litestar import Litestar
from litestar.testing import TestClient

STATUS = "/v1/status"


def sent_there(client: TestClient[Litestar], **asked: str) -> str:
    """Begin a login, and return where the browser is sent."""
    answer = client.get("/login/oidc", params=asked)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def sent_back(there: str) -> str:
    """Be logged in at the provider, and return where it sends the browser."""
    answer = httpx.get(there, trust_env=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def log_in_at(client: TestClient[Litestar], **asked: str) -> httpx.Response:
    """Go all the way, and return the last answer."""
    return client.get(sent_back(sent_there(client, **asked)))
