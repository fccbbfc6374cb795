"""Schemes that send a secret or signed token with each request; none covers the body."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from pipeline.connectors.delivery import Delivery
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.functions.times import since_epoch
from pipeline.connectors.language.verify_form import Basic, Jwt, Token
from pipeline.connectors.verify.proof import Proof, decoded, same, text_of, without_prefix
from pipeline.connectors.verify.verdict import Accepted, Unverified

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519")
"""Algorithms of tokens; none is symmetric, or a public key could serve as a shared secret
(RFC 8725, 2.1)."""
LEEWAY = timedelta(seconds=60)
"""Tolerated difference between the clocks of the system and this receiver."""
LONGEST_TOKEN = 16_384

_FIRST_MILLISECONDS = 100_000_000_000
"""Times from here on are milliseconds: as seconds they would be after the year 5000."""


def token_proof(form: Token, compiler: Compiler, where: str) -> Proof:
    """Compile a secret sent with each request. Raises MappingError."""
    token = compiler.required(form.token, f"{where}.token")
    secret = compiler.required(form.secret, f"{where}.secret")

    def proof(_request: Delivery, scope: Scope) -> Accepted | Unverified:
        given = without_prefix(text_of(token(scope)), form.prefix)
        if not given:
            return Unverified("there is no token")
        return _equal(given, text_of(secret(scope)), "token")

    return proof


def basic_proof(form: Basic, compiler: Compiler, where: str) -> Proof:
    """Compile a user name and a password. Raises MappingError."""
    username = compiler.required(form.username, f"{where}.username")
    password = compiler.required(form.password, f"{where}.password")
    header = compiler.required("{header.authorization}", where)

    def proof(_request: Delivery, scope: Scope) -> Accepted | Unverified:
        given = without_prefix(text_of(header(scope)), "Basic ")
        if given is None:
            return Unverified("there is no user name and password")
        if (pair := decoded(given.strip(), "base64")) is None:
            return Unverified("the user name and password are not in base64")
        name, word = text_of(username(scope)), text_of(password(scope))
        return _equal(pair, f"{name}:{word}" if word else "", "user name or password")

    return proof


def _equal(given: str | bytes, secret: str, what: str) -> Accepted | Unverified:
    if not secret:
        return Unverified(f"the connection has no {what} to compare with")
    return Accepted() if same(given, secret) else Unverified(f"the {what} is wrong")


def jwt_proof(form: Jwt, compiler: Compiler, where: str) -> Proof:
    """Compile a signed token. Raises MappingError."""
    token = compiler.required(form.token, f"{where}.token")
    issuer = compiler.required(form.issuer, f"{where}.issuer")
    audience = compiler.required(form.audience, f"{where}.audience")
    jwks = compiler.required(form.jwks, f"{where}.jwks")

    def proof(request: Delivery, scope: Scope) -> Accepted | Unverified:
        given = text_of(token(scope))
        given = without_prefix(given, "Bearer ") or given
        if not given or len(given) > LONGEST_TOKEN:
            return Unverified("there is no token")
        if not (keys := jwks(scope)):
            return Unverified("the key set of the system is not known")
        try:
            claims = jwt.decode(given, _key_set(msgspec.json.encode(keys)), ALGORITHMS).claims
        except JoseError as error:
            return Unverified(f"the token is not signed by the system: {error.error}")
        if not _names(claims.get("iss"), issuer(scope)):
            return Unverified("the token is of another issuer")
        if not _names(claims.get("aud"), audience(scope)):
            return Unverified("the token is for another receiver")
        wrong = _out_of_time(claims, request.received_at)
        return Unverified(wrong) if wrong else Accepted()

    return proof


@lru_cache(maxsize=256)
def _key_set(encoded: bytes) -> KeySet:
    """Return a key set. Raises ValueError."""
    try:
        return KeySet.import_key_set(msgspec.json.decode(encoded))
    except Exception:  # whatever a part of it raises that is wrong
        raise ValueError("the key set of the connection is no JWK set") from None


def _names(claim: Any, wanted: Any) -> bool:
    """Return whether a claim, possibly a list, contains the expected name."""
    return bool(wanted) and wanted in (claim if isinstance(claim, list) else [claim])


def _out_of_time(claims: Mapping[str, Any], now: datetime) -> str:
    """Return the problem with the times of a token, or "". Raises ValueError."""
    if claims.get("exp") is None:
        return "the token does not say until when it is valid"
    if _moment(claims["exp"]) < now - LEEWAY:
        return "the token has expired"
    for name in ("iat", "nbf"):
        if claims.get(name) is not None and _moment(claims[name]) > now + LEEWAY:
            return "the token is from the future"
    return ""


def _moment(value: Any) -> datetime:
    """Return a time of a token, in seconds by RFC 7519; some systems write milliseconds."""
    in_ms = isinstance(value, int | float) and value >= _FIRST_MILLISECONDS
    return since_epoch(timedelta(milliseconds=1 if in_ms else 1_000), value)
