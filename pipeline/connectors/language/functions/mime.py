"""A raw mail (RFC 5322, MIME): its headers and text."""

from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from typing import Any

from pipeline.connectors.language.functions.function import Function


def mail_document(value: object) -> dict[str, Any] | None:
    """Return the result of `read_mail`, None for a text without headers. Raises ValueError."""
    source = value if isinstance(value, bytes) else str(value).encode(errors="replace")
    mail = read_mail(source.lstrip())
    return mail if mail["headers"] else None


def read_mail(source: bytes) -> dict[str, Any]:
    """Return `headers`, as pairs, and `text` and `html` of a mail, None if missing.

    Attachments and attached mails are left out. Raises ValueError.
    """
    try:
        mail = BytesParser().parsebytes(source)
        parts = list(_parts(mail))
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        raise ValueError("is no mail") from None
    texts = {kind: _words(parts, f"text/{kind}") for kind in ("plain", "html")}
    return {"headers": _headers(mail), "text": texts["plain"], "html": texts["html"]}


def read_headers(source: bytes) -> dict[str, Any]:
    """Return the `headers` of a mail with any parts, without its text."""
    mail = BytesHeaderParser().parsebytes(source)
    return {"headers": _headers(mail), "text": None, "html": None}


def _headers(mail: Message) -> list[list[str]]:
    return [[name, _clean(str(text))] for name, text in mail.raw_items()]


def _parts(mail: Message) -> Iterator[Message]:
    content = mail.get_payload()
    if isinstance(content, list):
        if mail.get_content_maintype() == "multipart":
            for part in content:
                if isinstance(part, Message):
                    yield from _parts(part)
    elif mail.get_content_disposition() != "attachment":
        yield mail


def _words(parts: list[Message], kind: str) -> str | None:
    return next((_text(part) for part in parts if part.get_content_type() == kind), None)


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, ValueError):  # unknown, or another one than it says
        return data.decode(errors="replace")


def _clean(text: str) -> str:
    return text.encode(errors="surrogateescape").decode(errors="replace")


FUNCTIONS: Mapping[str, Function] = {"mail_document": Function(mail_document)}
