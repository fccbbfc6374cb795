"""Reads mailboxes over IMAP without changing them, and delivers new mails."""

import asyncio
import imaplib
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, cast

import httpx
import msgspec

from agents.processors.polled import Asked, GivenUp, Source
from agents.processors.questions import LARGEST, Deliver
from pipeline.common import metrics
from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.polls.access import Access
from pipeline.connectors.polls.mailbox import Login, Mailbox, document_of_mail

TIMEOUT = 30.0
"""Seconds to wait for an answer of the server."""
AT_ONCE = 50
"""Most mails per read; the next read follows at once if there are more."""
LONGEST = 400_000
"""Most bytes read of a mail: its text comes before its attachments."""
SHORTENED = 100_000
"""Characters kept of each text if the mail is too large for cx.received."""

_UID = re.compile(rb"\bUID (\d+)")

Token = Callable[[Connection, Access], Awaitable[str]]
"""Returns the token of a connection. Raises httpx.HTTPError."""


class Mails(NamedTuple):
    """New mails of a folder, the last UID that was read, and whether there are more."""

    validity: int
    last: int
    contents: Sequence[bytes]
    more: bool


class Mailboxes:
    """Reads the mailboxes of connections."""

    def __init__(
        self,
        token: Token,
        deliver: Deliver,
        now: Callable[[], datetime],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._token, self._deliver, self._now = token, deliver, now
        self._tls = tls or ssl.create_default_context()

    async def ask(self, source: Source, asked: Asked | None) -> tuple[Asked, bool]:
        """Read new mails (`AskSource`)."""
        now, mailbox = self._now(), cast(Mailbox, source.poll)
        known = asked.mails if asked else (0, 0)
        try:
            login = mailbox.login(source.connection)
            token = (
                ""
                if login.password
                else await self._token(source.connection, source.mapping.access)
            )
            since = now - mailbox.first
            found = await asyncio.to_thread(self._read, login, token, source.part, known, since)
        except (httpx.HTTPError, ValueError) as error:
            raise GivenUp(str(error)) from None
        except (imaplib.IMAP4.error, OSError) as error:
            raise GivenUp(f"{login.host}: {type(error).__name__}: {error!s:.200}") from None
        for content in found.contents:
            await self._deliver(delivery_of(source.connection, content, self._now()))
        metrics.POLLED.labels(source.connection.name, source.name).inc(len(found.contents))
        return Asked(now, now, mails=(found.validity, found.last)), found.more

    def _read(
        self, login: Login, token: str, folder: str, known: tuple[int, int], since: datetime
    ) -> Mails:
        """Return the new mails of a folder. Raises IMAP4.error, OSError and ValueError."""
        server = self._connected(login)
        try:
            if login.password:
                server.login(login.username, login.password)
            else:
                shown = f"user={login.username}\1auth=Bearer {token}\1\1".encode()
                server.authenticate("XOAUTH2", lambda _: shown)
            _done(*server.select(f'"{_escaped(folder)}"', readonly=True))
            validity = int(server.response("UIDVALIDITY")[1][0] or 0)
            after = known[1] if validity == known[0] else 0
            criterion = f"UID {after + 1}:*" if after else f"SINCE {_day(since)}"
            (listed,) = _done(*server.uid("SEARCH", criterion))[:1]
            uids = sorted(uid for uid in map(int, (listed or b"").split()) if uid > after)
            now, later = uids[:AT_ONCE], uids[AT_ONCE:]
            contents = [content for uid in now if (content := _mail(server, uid))]
            return Mails(validity, max(now, default=after), contents, bool(later))
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                server.logout()

    def _connected(self, login: Login) -> imaplib.IMAP4:
        if login.security == "tls":
            return imaplib.IMAP4_SSL(login.host, login.port, ssl_context=self._tls, timeout=TIMEOUT)
        server = imaplib.IMAP4(login.host, login.port, timeout=TIMEOUT)
        server.starttls(self._tls)
        return server


def delivery_of(connection: Connection, content: bytes, now: datetime) -> Delivery:
    """Return a mail as a delivery; one that is too large loses its headers and its end."""
    document = document_of_mail(content)
    body = msgspec.json.encode(document)
    if len(body) > LARGEST:
        texts = {name: (document[name] or "")[:SHORTENED] for name in ("text", "html")}
        body = msgspec.json.encode({**document, **texts, "headers": []})
    return Delivery(connection.name, now, body, "IMAP")


def _mail(server: imaplib.IMAP4, uid: int) -> bytes:
    """Fetch a mail without marking it as seen; return b"" if it was deleted meanwhile."""
    for part in _done(*server.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{LONGEST}>)")):
        if isinstance(part, tuple) and (said := _UID.search(part[0])) and int(said[1]) == uid:
            return bytes(part[1])
    return b""


def _done(status: str, data: Any) -> Any:
    if status != "OK":
        raise imaplib.IMAP4.error(str(data[0] if data else status))
    return data


def _escaped(folder: str) -> str:
    if not str(folder).isascii() or any(letter in str(folder) for letter in "\r\n"):
        raise ValueError(f"the folder {folder!r:.60} must be written as on the server (UTF-7)")
    return str(folder).replace("\\", "\\\\").replace('"', '\\"')


def _day(time: datetime) -> str:
    """Format a day as IMAP writes it, in English in any locale."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{time.day}-{months[time.month - 1]}-{time.year}"
