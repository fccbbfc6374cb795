"""The channel by e-mail (SMTP), with stable Message-IDs: a message sent twice is shown once.

Apprise would give each e-mail a random Message-ID.
"""

import asyncio
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote

from pipeline.channels.channel import (
    PARALLEL,
    Address,
    ChannelAway,
    ChannelKind,
    ChannelRefused,
    MessageRefused,
)
from pipeline.config.groups import NotifySettings
from pipeline.notify.messages import Notification

SMTP_PORT, SMTPS_PORT = 587, 465
DOMAIN = "nabiz.invalid"
"""Right side of a Message-ID; not a host."""


class Mailbox(NamedTuple):
    """Sender, recipients and server; `tls` from the start, else STARTTLS if offered."""

    host: str
    port: int
    user: str
    password: str
    sender: str
    recipients: tuple[str, ...]
    tls: bool


class Mail:
    """Sends messages as e-mails; those of a case form a thread."""

    digests = True

    def __init__(self, mailbox: Mailbox, timeout: float) -> None:
        self._mailbox = mailbox
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(PARALLEL, "mail")

    async def send(self, message: Notification) -> None:
        """Send a message; return when the server has accepted it for all recipients."""
        await self._in_thread(to_email(message, self._mailbox))

    async def probe(self) -> str:
        """Log in without sending anything."""
        await self._in_thread(None)
        return f"the mail server answers at {self._mailbox.host}:{self._mailbox.port}"

    async def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False)

    async def _in_thread(self, email: EmailMessage | None) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._talk, email)

    def _talk(self, email: EmailMessage | None) -> None:
        try:
            with self._connect() as smtp:
                if email:
                    smtp.send_message(email)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            raise ChannelRefused(_described(error)) from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            kind = ChannelRefused if all(map(_is_final, codes)) else ChannelAway
            raise kind(f"SMTP refused all recipients: {sorted(set(codes))}") from error
        except smtplib.SMTPDataError as error:  # sender and recipients were accepted
            raise (MessageRefused if _is_final(error.smtp_code) else ChannelAway)(
                _described(error)
            ) from error
        except smtplib.SMTPResponseException as error:
            kind = ChannelRefused if _is_final(error.smtp_code) else ChannelAway
            raise kind(_described(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelAway(_described(error)) from error

    def _connect(self) -> smtplib.SMTP:
        box, timeout = self._mailbox, self._timeout
        context = ssl.create_default_context()
        if box.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                box.host, box.port, timeout=timeout, context=context
            )
        else:
            smtp = smtplib.SMTP(box.host, box.port, timeout=timeout)
            smtp.ehlo()
            if smtp.has_extn("starttls"):
                smtp.starttls(context=context)
        if box.user:
            smtp.login(box.user, box.password)
        return smtp


def to_email(message: Notification, mailbox: Mailbox) -> EmailMessage:
    """Convert a message to an e-mail."""
    email = EmailMessage()
    email["Message-ID"] = f"<{message.id}@{DOMAIN}>"
    if message.alert:
        email["References"] = f"<{quote(message.alert.id)}@{DOMAIN}>"
    email["Subject"] = message.title
    email["From"] = mailbox.sender
    email["To"] = ", ".join(mailbox.recipients)
    email["Date"] = format_datetime(message.at)
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.body)
    return email


def _is_final(code: int) -> bool:
    return code >= 500  # RFC 5321: 5yz is permanent


def _described(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"SMTP {error.smtp_code}: {error.smtp_error!r}"[:200]
    return f"{type(error).__name__}: {error}"[:200]


def _is_address(text: str) -> bool:
    return "@" in parseaddr(text)[1]


def _open(address: Address, settings: NotifySettings) -> Mail:
    parts, query = address.parts, parse_qs(address.parts.query)
    recipients = tuple(filter(None, map(str.strip, ",".join(query.get("to", [])).split(","))))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    sender = query.get("from", [user])[0]
    if not (parts.hostname and recipients and all(map(_is_address, (sender, *recipients)))):
        raise ValueError(address.url)
    tls = parts.scheme == "smtps"
    port = parts.port or (SMTPS_PORT if tls else SMTP_PORT)
    box = Mailbox(parts.hostname, port, user, password, sender, recipients, tls)
    return Mail(box, settings.timeout)


KIND = ChannelKind(
    schemes={"smtp": "", "smtps": "TLS from the start"},
    example="smtp://user:password@host:587/?from=nabiz@example.com&to=a@example.com,b@example.com",
    meaning="e-mail; uses STARTTLS if the server offers it; a case is a thread",
    resent="has the same `Message-ID`",
    open=_open,
)
