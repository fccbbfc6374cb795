"""The schemes by which systems prove who they are, as a mapping writes them."""

from typing import Literal, TypeAlias

import msgspec

Digest: TypeAlias = Literal["sha1", "sha256", "sha512"]
Encoding: TypeAlias = Literal["hex", "base64"]


class _Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="scheme"):
    """A scheme; other keys are refused."""


class Signature(_Scheme, frozen=True):
    """What schemes that sign have in common.

    `signature` is where it is, with `prefix` before it; `separator` where several may stand, of
    which one must match. `signed` is what it is over: `{body}` the bytes of the body, `{form}` the
    names and values of the form's fields, sorted, anything else an expression.
    `timestamp` is when it was signed, refused where it is more than `tolerance_s` from now.
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

    `key` is a text of settings of the connection, in base64 after `whsec_` where `key_encoding`
    says so, as Standard Webhooks do.
    """

    key: str = "{connection.secret}"
    key_encoding: Literal["text", "base64"] = "text"


class PublicKey(Signature, frozen=True, tag="public_key"):
    """A signature with a private key of the system, checked with its public `key`.

    The key, PEM or DER in base64, says how: RSA (PKCS #1 v1.5), ECDSA (as in DER) or Ed25519.
    """

    encoding: Encoding = "base64"
    key: str = "{connection.public_key}"


class Jwt(_Scheme, frozen=True, tag="jwt"):
    """A token (RFC 7519) signed with a key of the system's key set, for this receiver alone.

    `issuer` and `audience` are what it must name. It does not cover the body. The key set (`jwks`,
    RFC 7517) is a setting; `jwks_url` is where it is fetched where that is not set.
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
    """A secret that comes with each request, in a header, the address or the body."""

    token: str
    secret: str = "{connection.secret}"
    prefix: str = ""


Verify: TypeAlias = Hmac | PublicKey | Jwt | Basic | Token
