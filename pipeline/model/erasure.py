"""A request of another system to erase a person."""

from datetime import datetime
from typing import Annotated

import msgspec


class ErasureRequest(msgspec.Struct, frozen=True):
    """A system was asked to erase a customer, and passes it on.

    `source` is the system, `connection` the one that it came by.
    """

    customer_id: str
    source: str
    connection: str
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]
