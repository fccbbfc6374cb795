"""What becomes of a request before anything is made of it."""

from typing import TypeAlias

import msgspec


class Accepted(msgspec.Struct, frozen=True):
    """It is a delivery of the system."""


class Answered(msgspec.Struct, frozen=True):
    """It is no delivery, but wants an answer: a handshake."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


class Passed(msgspec.Struct, frozen=True):
    """It is acknowledged and dropped, as a ping that nobody signs."""

    reason: str


class Unverified(msgspec.Struct, frozen=True):
    """Nothing proves that the system sent it: 401. The reason holds no secret."""

    reason: str


Admission: TypeAlias = Accepted | Answered | Passed | Unverified
