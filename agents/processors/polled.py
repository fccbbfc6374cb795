"""The sources that are polled, and the progress of each."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from pipeline.connectors.connection import Connection
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.polls.mailbox import Mailbox
from pipeline.connectors.polls.poll import Poll


class Asked(msgspec.Struct, frozen=True):
    """The progress of a source: everything up to `cursor` was fetched, at `asked_at`.

    `pages` are the digests of its last answers: an unchanged page is not delivered again.
    `mails` are the UIDVALIDITY of a mailbox and the last UID that was read (RFC 9051, 2.3.1.1).
    """

    cursor: datetime
    asked_at: datetime
    pages: tuple[str, ...] = ()
    mails: tuple[int, int] = (0, 0)


class Source(NamedTuple):
    """A part of a connection that is polled on its own."""

    connection: Connection
    mapping: Mapping
    name: str
    poll: Poll | Mailbox
    part: Any

    @property
    def key(self) -> str:
        """The key of the source's state."""
        return "/".join((self.connection.name, self.name, str(self.part or "")))


class GivenUp(Exception):  # noqa: N818 - it is asked again
    """The poll of a source failed; the message says how."""
