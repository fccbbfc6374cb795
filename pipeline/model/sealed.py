"""A delivery of another system as it travels: sealed."""

from datetime import datetime
from typing import Annotated

import msgspec


class Sealed(msgspec.Struct, frozen=True):
    """A sealed delivery, with what may be known of it: for which connection it came, and when.

    `key` names the key that opens it, by the beginning of the key's hash. `sealed` is a nonce and
    the delivery in MessagePack under AES-256-GCM, which covers the other fields too.
    """

    connection: str
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]
    key: str
    sealed: bytes
