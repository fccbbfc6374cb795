"""Mailboxes: each mail once, in whatever form it is, and the mailbox is left as it is."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.processors import mailboxes as module
from agents.processors.access_tokens import TokenRefused
from agents.processors.mailboxes import Mailboxes
from agents.processors.polled import Asked, GivenUp, Source
from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.polls.access import Access
from pipeline.connectors.polls.mailbox import Mailbox
from tests.support.imap_server import MailServer, mail_server

NOON = datetime(2026, 12, 3, 9, tzinfo=UTC)
FILE = Path(__file__).parents[2] / "connectors" / "email" / "mapping.yaml"
EMAIL = Mapping(FILE, FILE.read_bytes())


def mail(number: int, text: str = "Kargom gelmedi") -> bytes:
    one = EmailMessage()
    one["From"] = "Ayşe Işık <ayse@posta.example>"
    one["To"] = "destek@firma.example"
    one["Subject"] = "Şikâyet"
    one["Date"] = "Thu, 03 Dec 2026 11:00:00 +0300"
    one["Message-ID"] = f"<{number}@posta.example>"
    one.set_content(text)
    one.add_alternative(f"<p>{text}</p>", subtype="html")
    one.add_attachment(b"x" * 100, maintype="image", subtype="png", filename="resim.png")
    return one.as_bytes()


class Reader:
    """Reads a mailbox of the server again and again."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext) -> None:
        self.server, self.delivered = server, list[Delivery]()
        self.asked: Asked | None = None
        self.mailboxes = Mailboxes(self.token, self.deliver, lambda: NOON, tls)
        self.settings: dict[str, Any] = {
            **EMAIL.defaults,
            "imap_host": "127.0.0.1",
            "imap_port": server.port,
            "imap_username": "destek@firma.example",
            "imap_password": "p",
        }

    async def token(self, connection: Connection, access: Access) -> str:
        grant = access(connection, NOON)
        if grant is None:
            raise TokenRefused("neither a password nor a token is set")
        return grant.token

    async def deliver(self, delivery: Delivery) -> None:
        self.delivered.append(delivery)

    async def read(self, folder: str = "INBOX") -> list[str]:
        """Return the Message-IDs that are new."""
        self.delivered.clear()
        connection = Connection("posta", "email", self.settings)
        assert ("mails", "INBOX") in EMAIL.polled(connection)
        poll = EMAIL.polls["mails"]
        assert isinstance(poll, Mailbox)
        source, more = Source(connection, EMAIL, "mails", poll, folder), True
        while more:
            self.asked, more = await self.mailboxes.ask(source, self.asked)
        return [msgspec.json.decode(one.body)["message_id"] for one in self.delivered]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with mail_server(tmp_path) as (server, tls):
        yield Reader(server, tls)


async def test_each_mail_comes_once_and_is_not_marked(reader: Reader) -> None:
    reader.server.mails = {3: mail(3), 9: mail(9)}
    assert await reader.read() == ["<3@posta.example>", "<9@posta.example>"]
    assert reader.server.searches == ["SEARCH SINCE 26-Nov-2026"]
    assert await reader.read() == []
    reader.server.mails[12] = mail(12)
    del reader.server.mails[3]
    assert await reader.read() == ["<12@posta.example>"]
    assert reader.server.seen == set()


async def test_a_mail_becomes_an_event_of_its_mapping(reader: Reader) -> None:
    reader.server.mails = {1: mail(1)}
    await reader.read()
    settings = {**reader.settings, "pseudonym_key": "k"}
    connection = Connection("posta", "email", settings)
    draft = EMAIL.map(reader.delivered[0], connection, lambda _kind, _key: None, {})
    (event,) = draft.events
    assert (event.text, event.attributes) == ("Kargom gelmedi", event.attributes)
    assert event.occurred_at == datetime(2026, 12, 3, 8, tzinfo=UTC)


async def test_many_mails_are_read_in_several_looks(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    reader.server.mails = {n: mail(n) for n in range(1, 9)}
    assert len(await reader.read()) == 8


async def test_a_mailbox_that_was_made_anew_is_read_anew(reader: Reader) -> None:
    reader.server.mails = {40: mail(40)}
    await reader.read()
    reader.server.validity, reader.server.mails = 8, {1: mail(41)}
    assert await reader.read() == ["<41@posta.example>"]


async def test_without_a_password_a_token_is_shown(reader: Reader) -> None:
    reader.server.mails = {1: mail(1)}
    del reader.settings["imap_password"]
    with pytest.raises(GivenUp, match="neither a password nor a token"):
        await reader.read()
    reader.settings["access_token"] = "abc"
    await reader.read()
    assert reader.server.logins == ["user=destek@firma.example\1auth=Bearer abc\1\1"]


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("imap_password", "other", "wrong password"),
        ("imap_security", "none", "tls or starttls"),
        ("imap_port", 1, "127.0.0.1"),
        ("imap_port", "x", "invalid literal"),
    ],
)
async def test_what_is_wrong_is_a_sentence(
    reader: Reader, setting: str, value: Any, reason: str
) -> None:
    reader.settings[setting] = value
    with pytest.raises(GivenUp, match=reason):
        await reader.read()


async def test_a_server_that_is_not_proved_is_given_nothing(reader: Reader) -> None:
    reader.mailboxes = Mailboxes(reader.token, reader.deliver, lambda: NOON)
    with pytest.raises(GivenUp, match="CERTIFICATE_VERIFY_FAILED"):
        await reader.read()
    assert reader.server.logins == []


@pytest.mark.parametrize("folder", ["Yok", "Gönderilen", 'a"\r\nA1 DELETE INBOX'])
async def test_a_folder_that_cannot_be_is_a_sentence(reader: Reader, folder: str) -> None:
    with pytest.raises(GivenUp, match="folder"):
        await reader.read(folder)
