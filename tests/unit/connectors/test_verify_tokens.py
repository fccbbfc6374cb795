"""Secrets and tokens that come with each request."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from pipeline.connectors.verify.admission import Accepted, Unverified
from tests.support.gates import NOW, admitted, gate

TOKEN = 'verify: {token: {scheme: token, token: "{header.x-token}"}}'
BEARER = 'verify: {t: {scheme: token, token: "{header.authorization}", prefix: "Bearer "}}'
BODY_TOKEN = 'verify: {t: {scheme: token, token: "{body.token}"}}'
BASIC = "verify: {basic: {scheme: basic}}"
JWT = """
verify:
  token:
    scheme: jwt
    token: "{header.x-jwt}"
    issuer: "org:{connection.org}"
    audience: "hook:{connection.hook}"
"""


@pytest.mark.parametrize(
    ("text", "headers", "body"),
    [
        (TOKEN, {"x-token": "s3cret"}, b""),
        (BEARER, {"authorization": "Bearer s3cret"}, b""),
        (BEARER, {"authorization": "bearer s3cret"}, b""),
        (BODY_TOKEN, {}, b'{"token": "s3cret"}'),
    ],
)
def test_a_token_is_the_secret(text: str, headers: dict[str, str], body: bytes) -> None:
    assert admitted(gate(text), body, headers, secret="s3cret") == Accepted()
    assert admitted(gate(text), body, headers, secret=["new", "s3cret"]) == Accepted()
    assert admitted(gate(text), body, headers, secret="s3creT") == Unverified("the token is wrong")


def test_a_token_in_the_address() -> None:
    mapping = gate('verify: {t: {scheme: token, token: "{query.token}"}}')
    verdicts = [
        admitted(mapping, url=f"/in/shop-1?{query}", secret="a b") for query in ("token=a%20b", "")
    ]
    assert verdicts == [Accepted(), Unverified("there is no token")]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"token": null}', b'{"token": {"a": 1}}'])
def test_a_token_that_is_not_there_is_none(body: bytes) -> None:
    assert admitted(gate(BODY_TOKEN), body, secret="s") == Unverified("there is no token")


@pytest.mark.parametrize("secret", [None, "", [], [""]])
def test_no_token_equals_a_secret_that_is_not_set(secret: object) -> None:
    for text, headers in (
        (TOKEN, {"x-token": ""}),
        (TOKEN, {"x-token": "None"}),
        (BASIC, {"authorization": "Basic " + base64.b64encode(b":").decode()}),
    ):
        settings = {"secret": secret, "password": secret}
        assert isinstance(admitted(gate(text), b"", headers, **settings), Unverified)


@pytest.mark.parametrize("pair", ["nabiz:g:zli", "çarşı:şifre"])
def test_a_user_name_and_a_password(pair: str) -> None:
    name, _, word = pair.partition(":")
    headers = {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    assert admitted(gate(BASIC), b"", headers, username=name, password=word) == Accepted()
    wrong = admitted(gate(BASIC), b"", headers, username=name, password="x")
    assert wrong == Unverified("the user name or password is wrong")


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic ş", "Basic =", "Basic"])
def test_what_is_no_basic_authentication_is_refused(header: str) -> None:
    headers = {"authorization": header}
    verdict = admitted(gate(BASIC), b"", headers, username="a", password="b")
    assert isinstance(verdict, Unverified)


KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
SECOND = ECKey.generate_key("P-256", {"kid": "two", "use": "sig", "alg": "ES256"})
KEYS = {"keys": [KEY.as_dict(private=False), SECOND.as_dict(private=False)]}
SECONDS = int(NOW.timestamp())
CLAIMS = {"iss": "org:7", "aud": "hook:9", "iat": SECONDS, "exp": SECONDS + 300}


def token_of(claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256") -> str:
    header = {"alg": algorithm, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def jwt_verdict(token: str, **settings: Any) -> Any:
    settings = {"org": "7", "hook": "9", "jwks": KEYS, **settings}
    return admitted(gate(JWT), b"", {"x-jwt": token}, **settings)


def test_a_token_of_a_key_of_the_set_is_verified() -> None:
    assert jwt_verdict(token_of(CLAIMS)) == Accepted()
    assert jwt_verdict(token_of(CLAIMS, SECOND, "ES256")) == Accepted()
    assert jwt_verdict("Bearer " + token_of(CLAIMS)) == Accepted()


def test_a_token_may_be_for_several_receivers_and_have_times_in_milliseconds() -> None:
    times = {"iat": SECONDS * 1_000, "exp": (SECONDS + 300) * 1_000}
    assert jwt_verdict(token_of({**CLAIMS, "aud": ["x", "hook:9"], **times})) == Accepted()


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"iss": "org:8"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "hook:99"}, "another receiver"),
        ({"aud": [["hook:9"]]}, "another receiver"),
        ({"aud": None}, "another receiver"),
        ({"exp": SECONDS - 61}, "expired"),
        ({"exp": (SECONDS - 61) * 1_000}, "expired"),
        ({"exp": None}, "until when"),
        ({"exp": "soon"}, "soon"),
        ({"exp": []}, "time"),
        ({"exp": 10**400}, "time"),
        ({"iat": SECONDS + 61}, "from the future"),
        ({"nbf": (SECONDS + 61) * 1_000}, "from the future"),
    ],
)
def test_a_token_that_says_something_else_is_refused(claims: dict[str, Any], told: str) -> None:
    verdict = jwt_verdict(token_of({**CLAIMS, **claims}))
    assert isinstance(verdict, Unverified)
    assert told in verdict.reason


def test_a_token_of_another_key_is_refused() -> None:
    other = RSAKey.generate_key(2048, {"kid": "one"})
    stranger = RSAKey.generate_key(2048, {"kid": "three"})
    for key in (other, stranger):
        assert isinstance(jwt_verdict(token_of(CLAIMS, key)), Unverified)


def compact(header: dict[str, str], key: bytes = b"") -> str:
    """Return a token with the keyed hash of its parts, or with none."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (header, CLAIMS)]
    text = b".".join(part.rstrip(b"=") for part in parts)
    sign = base64.urlsafe_b64encode(hmac.digest(key, text, "sha256")) if key else b""
    return (text + b"." + sign.rstrip(b"=")).decode()


def test_a_token_without_signature_or_with_the_public_key_as_secret_is_refused() -> None:
    assert isinstance(jwt_verdict(compact({"alg": "none"})), Unverified)
    forged = compact({"alg": "HS256", "kid": "one"}, KEY.as_pem(private=False))
    assert isinstance(jwt_verdict(forged), Unverified)


def test_a_shared_key_in_the_set_verifies_nothing() -> None:
    shared = OctKey.generate_key(256, {"kid": "shared"})
    keys = {"keys": [*KEYS["keys"], shared.as_dict()]}
    assert isinstance(jwt_verdict(token_of(CLAIMS, shared, "HS256"), jwks=keys), Unverified)


@pytest.mark.parametrize("jwks", [None, {}, [], "x", {"keys": 1}, {"keys": [{"kty": "RSA"}]}])
def test_without_a_key_set_nothing_is_verified(jwks: object) -> None:
    assert isinstance(jwt_verdict(token_of(CLAIMS), jwks=jwks), Unverified)


def test_who_the_token_must_be_for_has_to_be_set() -> None:
    assert isinstance(jwt_verdict(token_of({**CLAIMS, "aud": None}), hook=None), Unverified)
    assert isinstance(jwt_verdict(token_of({**CLAIMS, "iss": ""}), org=""), Unverified)
