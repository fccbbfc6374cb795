"""The documents of mails: whatever is in one, it can be read and sent on."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from agents.processors.mailboxes import delivery_of
from pipeline.connectors.connection import Connection
from pipeline.connectors.polls.mailbox import document_of_mail

NOON = datetime(2026, 12, 3, 9, tzinfo=UTC)


def test_turkish_letters_come_in_whatever_charset() -> None:
    head = b"From: a@b.example\nContent-Type: text/plain; charset=%s\n\n"
    text = "Çığ gibi şikâyet"
    for charset in ("utf-8", "iso-8859-9", "windows-1254"):
        content = head % charset.encode() + text.encode(charset)
        assert document_of_mail(content)["text"] == text
    assert document_of_mail(head % b"no-such" + text.encode())["text"] == text


def test_a_mail_that_is_nested_too_deeply_has_its_headers() -> None:
    levels = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(5_000)
    )
    document = document_of_mail(b"Subject: derin\n" + levels.encode())
    assert (document["subject"], document["text"]) == ("derin", None)


def test_a_mail_that_is_too_large_is_shortened() -> None:
    content = b"Subject: s\nX-Long: " + b"\x01" * 390_000 + b"\n\n" + b"\x01" * 390_000
    assert len(delivery_of(Connection("c", "email"), content, NOON).body) < 2_900_000


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_no_mail_raises(content: bytes) -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
    for mail_bytes in (content, head + content):
        assert delivery_of(Connection("c", "email"), mail_bytes, NOON).body
