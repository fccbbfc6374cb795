"""The verdicts on a request, before it is mapped."""

from typing import TypeAlias

import msgspec


class Accepted(msgspec.Struct, frozen=True):
    """The request is a delivery of the system."""


class Answered(msgspec.Struct, frozen=True):
    """The request is a handshake: no delivery, but it expects an answer."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


class Passed(msgspec.Struct, frozen=True):
    """The request is acknowledged and dropped, such as an unsigned ping."""

    reason: str


class Unverified(msgspec.Struct, frozen=True):
    """The request is not proved to be the system's: 401. The reason holds no secret."""

    reason: str


Admission: TypeAlias = Accepted | Answered | Passed | Unverified
