"""A request to ask a source at once."""

import msgspec


class PollRequest(msgspec.Struct, frozen=True):
    """Have a connection asked now, and not only when it is due."""

    connection: str
