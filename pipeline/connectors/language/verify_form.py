"""The schemes by which systems authenticate their deliveries, as keys of a mapping."""

from typing import Literal, TypeAlias

import msgspec

Digest: TypeAlias = Literal["sha1", "sha256", "sha512"]
Encoding: TypeAlias = Literal["hex", "base64"]


class _Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="scheme"):
    """A scheme; unknown keys are refused."""


class Signature(_Scheme, frozen=True):
    """The common keys of signature schemes.

    `signature` is the place of the signature, after `prefix`; `separator` divides several, of which
    one must match. `signed` is the signed text: `{body}` stands for the bytes of the body, `{form}`
    for the sorted names and values of the form's fields, anything else is an expression.
    `timestamp` is the time of signing, refused if it is more than `tolerance_s` from now.
    """

    signature: str
    digest: Digest = "sha256"
    encoding: Encoding = "hex"
    prefix: str = ""
    separator: str = ""
    signed: str = "{body}"
    timestamp: str = ""
    tolerance_s: int = 300


class Hmac(Signature, frozen=True, tag="hmac"):
    """A keyed hash (RFC 2104).

    `key` is a text with settings of the connection, in base64 after `whsec_` if `key_encoding`
    says so, as in Standard Webhooks.
    """

    key: str = "{connection.secret}"
    key_encoding: Literal["text", "base64"] = "text"


class PublicKey(Signature, frozen=True, tag="public_key"):
    """A signature with a private key of the system, checked with its public `key`.

    The key, PEM or DER in base64, determines the kind: RSA (PKCS #1 v1.5), ECDSA (DER) or Ed25519.
    """

    encoding: Encoding = "base64"
    key: str = "{connection.public_key}"


class Jwt(_Scheme, frozen=True, tag="jwt"):
    """A token (RFC 7519) signed with a key of the system's key set, for this receiver alone.

    It must name `issuer` and `audience`, and does not cover the body. The key set (`jwks`,
    RFC 7517) is a setting; if it is not set, it is fetched from `jwks_url`.
    """

    token: str
    issuer: str
    audience: str
    jwks: str = "{connection.jwks}"
    jwks_url: str = ""


class Basic(_Scheme, frozen=True, tag="basic"):
    """A user name and a password with each request (RFC 7617)."""

    username: str = "{connection.username}"
    password: str = "{connection.password}"


class Token(_Scheme, frozen=True, tag="token"):
    """A secret sent with each request, in a header, the address or the body."""

    token: str
    secret: str = "{connection.secret}"
    prefix: str = ""


Verify: TypeAlias = Hmac | PublicKey | Jwt | Basic | Token
