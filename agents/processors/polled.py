"""What is asked, and how far it was asked."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from pipeline.connectors.connection import Connection
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.polls.mailbox import Mailbox
from pipeline.connectors.polls.poll import Poll


class Asked(msgspec.Struct, frozen=True):
    """How far a source was asked: all is known up to `cursor`, which was asked for at `asked_at`.

    `pages` are the digests of what it answered: what is told again as it was is not handed on.
    `mails` are the UIDVALIDITY of a mailbox and the last UID that was read (RFC 9051, 2.3.1.1).
    """

    cursor: datetime
    asked_at: datetime
    pages: tuple[str, ...] = ()
    mails: tuple[int, int] = (0, 0)


class Source(NamedTuple):
    """A part of a connection that is asked on its own."""

    connection: Connection
    mapping: Mapping
    name: str
    poll: Poll | Mailbox
    part: Any

    @property
    def key(self) -> str:
        """The key of its state."""
        return "/".join((self.connection.name, self.name, str(self.part or "")))


class GivenUp(Exception):  # noqa: N818 - it is asked again
    """A source did not answer as it should; the message says how."""
