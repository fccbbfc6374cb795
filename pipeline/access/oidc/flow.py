"""The state of a login in progress, and the authorization request that starts it.

Pure: randomness, key and time are arguments. The browser keeps the state in a sealed cookie, so
unfinished logins take no memory, and an answer counts only in the browser that began the login.
"""

import base64
import hashlib
from urllib.parse import urlencode, urlsplit

import msgspec
from itsdangerous import BadData, URLSafeSerializer

LONGEST = 600.0
"""Seconds that a login may take at the provider."""


class Flow(msgspec.Struct, frozen=True):
    """A login that began at `began` (seconds since 1970) and leads to the path `goes_to`.

    `state` binds the answer to this browser, `nonce` the ID token to this login, and `verifier` the
    code to the client that requested it.
    """

    state: str
    nonce: str
    verifier: str
    goes_to: str
    language: str
    began: float


def sealed(flow: Flow, key: bytes) -> str:
    """Return the flow as a cookie value, signed with the key."""
    return _serializer(key).dumps(msgspec.to_builtins(flow))


def opened(value: str, key: bytes, now: float) -> Flow | None:
    """Return the flow of a cookie; None if its signature is wrong or it has expired."""
    try:
        flow = msgspec.convert(_serializer(key).loads(value), Flow)
    except BadData:
        return None
    return flow if now - flow.began < LONGEST else None


def _serializer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(key, "login", signer_kwargs={"digest_method": hashlib.sha256})


def authorization_url(
    endpoint: str, client_id: str, redirect_uri: str, scopes: str, flow: Flow
) -> str:
    """Return the URL of the authorization request (OpenID Connect Core 3.1.2.1)."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scopes,
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": challenge(flow.verifier),
        "code_challenge_method": "S256",
    }
    return endpoint + ("&" if urlsplit(endpoint).query else "?") + urlencode(parameters)


def challenge(verifier: str) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
