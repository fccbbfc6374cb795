"""The schemes by which systems prove who they are, as a mapping writes them."""

from typing import Literal, TypeAlias

import msgspec


class _Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="scheme"):
    """A scheme; other keys are refused."""


class Hmac(_Scheme, frozen=True, tag="hmac"):
    """A keyed hash of what was sent.

    `signature` is where it is, with `prefix` before it; `separator` where several may stand, of
    which one must match. `signed` is what it is over: `{body}` the bytes of the body, `{form}` the
    names and values of the form's fields, sorted, anything else an expression. `key` is a text of
    settings of the connection, in base64 after `whsec_` where `key_encoding` says so.
    `timestamp` is when it was signed, refused where it is more than `tolerance_s` from now.
    """

    signature: str
    digest: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    separator: str = ""
    signed: str = "{body}"
    key: str = "{connection.secret}"
    key_encoding: Literal["text", "base64"] = "text"
    timestamp: str = ""
    tolerance_s: int = 300


class Rsa(_Scheme, frozen=True, tag="rsa"):
    """A signature of the body with the key of the system: RSA, PKCS #1 v1.5, SHA-256, base64."""

    signature: str
    key: str = "{connection.public_key}"


class Jwt(_Scheme, frozen=True, tag="jwt"):
    """A token signed with a key of the system's key set (`jwks`), for this receiver alone.

    It does not cover the body.
    """

    token: str
    issuer: str = ""
    audience: str = ""
    jwks: str = "{connection.jwks}"


class Basic(_Scheme, frozen=True, tag="basic"):
    """A user name and a password with each request (RFC 7617)."""

    username: str = "{connection.username}"
    password: str = "{connection.password}"


class Token(_Scheme, frozen=True, tag="token"):
    """A secret that comes with each request, in a header, the address or the body."""

    token: str
    secret: str = "{connection.secret}"
    prefix: str = ""


Verify: TypeAlias = Hmac | Rsa | Jwt | Basic | Token
