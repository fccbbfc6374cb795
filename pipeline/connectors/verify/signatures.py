"""Signature schemes: keyed hashes and public keys."""

import base64
import hmac
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from pipeline.connectors.delivery import Delivery
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.verify_form import Digest, Hmac, PublicKey, Signature
from pipeline.connectors.verify.proof import (
    Proof,
    decoded,
    message_of,
    out_of_time,
    same,
    text_of,
    without_prefix,
)
from pipeline.connectors.verify.verdict import Accepted, Unverified

MOST_SIGNATURES = 8
"""Most signatures checked per request."""

_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha512": hashes.SHA512()}


def hmac_proof(form: Hmac, compiler: Compiler, where: str) -> Proof:
    """Compile a keyed hash. Raises MappingError."""

    def check(key: str, message: bytes, given: str) -> bool:
        digest = hmac.digest(_key_bytes(key, form.key_encoding), message, form.digest)
        if form.encoding == "hex":
            return same(given.lower(), digest.hex())
        return same(given, base64.b64encode(digest))

    return _signed(form, form.key, check, compiler, where)


def public_key_proof(form: PublicKey, compiler: Compiler, where: str) -> Proof:
    """Compile a signature that a public key checks. Raises MappingError."""

    def check(key: str, message: bytes, given: str) -> bool:
        signature = decoded(given, form.encoding)
        return signature is not None and _holds(_public_key(key), form.digest, message, signature)

    return _signed(form, form.key, check, compiler, where)


def _signed(
    form: Signature,
    key_form: str,
    check: Callable[[str, bytes, str], bool],
    compiler: Compiler,
    where: str,
) -> Proof:
    """Compile a scheme that checks key, signed text and signature. Raises MappingError."""
    signature = compiler.required(form.signature, f"{where}.signature")
    key = compiler.required(key_form, f"{where}.key")
    message = message_of(form.signed, compiler, f"{where}.signed")
    moment = compiler.required(form.timestamp, f"{where}.timestamp") if form.timestamp else None
    tolerance = timedelta(seconds=form.tolerance_s)

    def proof(request: Delivery, scope: Scope) -> Accepted | Unverified:
        if not (given := text_of(signature(scope))):
            return Unverified("there is no signature")
        if moment and (wrong := out_of_time(moment(scope), request.received_at, tolerance)):
            return Unverified(wrong)
        if not (secret := text_of(key(scope))):
            return Unverified("the connection has no key to check the signature with")
        if (signed := message(request, scope)) is None:
            return Unverified("a part of the signed text is missing")
        for candidate in _candidates(given, form):
            if check(secret, signed, candidate):
                return Accepted()
        return Unverified("the signature does not match the request")

    return proof


def _candidates(given: str, form: Signature) -> Iterator[str]:
    parts = given.split(form.separator, MOST_SIGNATURES) if form.separator else [given]
    for part in parts[:MOST_SIGNATURES]:
        if (candidate := without_prefix(part.strip(), form.prefix)) is not None:
            yield candidate


def _key_bytes(key: str, encoding: str) -> bytes:
    """Return the bytes of a key. Raises ValueError if it should be in base64 but is not."""
    if encoding == "text":
        return key.encode()
    if secret := decoded(key.removeprefix("whsec_"), "base64"):
        return secret
    raise ValueError("the key of the connection is not in base64")


@lru_cache(maxsize=1_024)
def _public_key(text: str) -> Any:
    """Return a public key, PEM or DER in base64. Raises ValueError."""
    try:
        if "-----BEGIN" in text:
            return serialization.load_pem_public_key(text.strip().encode())
        return serialization.load_der_public_key(decoded("".join(text.split()), "base64") or b"")
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the key of the connection is no public key") from None


def _holds(key: Any, digest: Digest, message: bytes, signature: bytes) -> bool:
    """Return whether a signature matches a message. Raises ValueError for other kinds of keys."""
    algorithm = _HASHES[digest]
    try:
        match key:
            case rsa.RSAPublicKey():
                key.verify(signature, message, padding.PKCS1v15(), algorithm)
            case ec.EllipticCurvePublicKey():
                key.verify(signature, message, ec.ECDSA(algorithm))
            case ed25519.Ed25519PublicKey():
                key.verify(signature, message)
            case _:
                raise ValueError("the key of the connection is none of RSA, ECDSA and Ed25519")
    except InvalidSignature:
        return False
    return True
