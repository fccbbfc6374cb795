"""Key sets are fetched when they are needed, kept, and fetched again for a key that is new."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.verify.admission import Accepted, Unverified
from pipeline.receiver.key_sets import LARGEST, KeySets, fetch_key_set
from tests.support.gates import NOW, gate

MAPPING = gate("""
verify:
  token:
    scheme: jwt
    token: "{header.x-jwt}"
    issuer: system
    audience: us
    jwks_url: "https://keys.{connection.region}.example/jwks.json"
""")
OLD, NEW = (RSAKey.generate_key(2048, {"kid": kid, "alg": "RS256"}) for kid in ("old", "new"))


class System:
    """The system's address of keys: what is there, and how often it was asked for."""

    def __init__(self, *keys: RSAKey) -> None:
        self.keys: tuple[RSAKey, ...] | None = keys
        self.asked: list[str] = []

    async def fetch(self, url: str) -> Any:
        self.asked.append(url)
        return self.keys and {"keys": [key.as_dict(private=False) for key in self.keys]}


async def verdict(
    sets: KeySets, key: RSAKey, at: datetime = NOW, **settings: Any
) -> Accepted | Unverified:
    seconds = int(at.timestamp())
    claims = {"iss": "system", "aud": "us", "iat": seconds, "exp": seconds + 60}
    token = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)
    request = Delivery("shop-1", at, b"{}", headers={"x-jwt": token})
    connection = Connection("shop-1", "shop", {"region": "eu", **settings})
    admission = await sets.admitted(request, MAPPING, connection)
    assert isinstance(admission, Accepted | Unverified)
    return admission


async def test_a_key_set_is_fetched_once_and_kept() -> None:
    system = System(OLD)
    sets = KeySets(system.fetch)
    for minute in range(50):
        assert await verdict(sets, OLD, NOW + timedelta(minutes=minute)) == Accepted()
    assert system.asked == ["https://keys.eu.example/jwks.json"]
    assert await verdict(sets, OLD, NOW + timedelta(hours=2)) == Accepted()
    assert len(system.asked) == 2


async def test_a_new_key_is_found_and_forged_tokens_cause_a_request_a_minute() -> None:
    system = System(OLD)
    sets = KeySets(system.fetch)
    for second in range(0, 300, 5):
        at = NOW + timedelta(seconds=second)
        assert isinstance(await verdict(sets, NEW, at), Unverified)
    assert len(system.asked) == 5
    system.keys = (OLD, NEW)
    assert await verdict(sets, NEW, NOW + timedelta(minutes=5)) == Accepted()


async def test_where_the_system_is_away_its_last_keys_stay() -> None:
    system = System(OLD)
    sets = KeySets(system.fetch)
    await verdict(sets, OLD)
    system.keys = None
    assert await verdict(sets, OLD, NOW + timedelta(hours=2)) == Accepted()
    assert await verdict(KeySets(system.fetch), OLD) == Unverified(
        "the key set of the system is not known"
    )


async def test_a_connection_with_its_own_key_set_fetches_none() -> None:
    system = System()
    keys = {"keys": [OLD.as_dict(private=False)]}
    assert await verdict(KeySets(system.fetch), OLD, jwks=keys) == Accepted()
    assert await verdict(KeySets(system.fetch), OLD, jwks=keys, auth="none") == Accepted()
    assert isinstance(await verdict(KeySets(system.fetch), OLD, region=None), Unverified)
    assert system.asked == []


async def test_keys_are_taken_over_https_alone() -> None:
    assert await fetch_key_set("http://127.0.0.1:9/jwks.json") is None


@pytest.mark.parametrize(
    ("answer", "keys"),
    [
        (httpx.Response(200, json={"keys": []}), {"keys": []}),
        (httpx.Response(500, json={"keys": []}), None),
        (httpx.Response(302, headers={"location": "https://other.example"}), None),
        (httpx.Response(200, content=b"<html>"), None),
        (httpx.Response(200, content=b" " * LARGEST + b"{}"), None),
    ],
)
async def test_an_answer_that_is_no_key_set_is_none(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, keys: object
) -> None:
    client = partial(httpx.AsyncClient, transport=httpx.MockTransport(lambda _: answer))
    monkeypatch.setattr(httpx, "AsyncClient", client)
    assert await fetch_key_set("https://keys.eu.example/jwks.json") == keys
