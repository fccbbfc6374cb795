"""Validates ID tokens (OpenID Connect Core 3.1.3.7). Pure: time is an argument."""

from collections.abc import Mapping
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
"""Asymmetric signatures. Not `none`, and not HS…, whose key the provider does not hold alone."""

LEEWAY = 60
"""Tolerated clock skew of the provider, in seconds."""

Claims = Mapping[str, Any]


class Keys(msgspec.Struct, frozen=True):
    """A provider's JSON Web Key Set."""

    keys: list[dict[str, Any]]


class Untrusted(Exception):  # noqa: N818 - a verdict
    """The provider's answer failed validation; the message is for the log."""


def trusted_claims(
    id_token: str, keys: Keys, *, issuer: str, client_id: str, nonce: str, now: float
) -> Claims:
    """Return the claims of a valid token: signature, issuer, audience, nonce and times match.

    Raises Untrusted.
    """
    try:
        signers: list[Any] = [key for key in keys.keys if key.get("use", "sig") == "sig"]
        key_set = KeySet.import_key_set(KeySetSerialization(keys=signers))
        claims = jwt.decode(id_token, key_set, algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
    except (JoseError, ValueError) as error:
        raise Untrusted(f"its ID token: {error}") from None
    if claims.get("azp", client_id) != client_id or (
        isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims
    ):
        raise Untrusted("its ID token was issued to another client (azp)")
    return claims
