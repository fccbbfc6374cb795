"""A delivery of another system, and the document that a mapping reads from it."""

import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import multipart

from pipeline.connectors.language.functions.mime import mail_document
from pipeline.ingest.decode import parse
from pipeline.model.dead_letter import Invalid, Reason

Document = Mapping[str, Any]
"""The names that a mapping may read: `body`, `header`, `query` and the rest."""

ROOTS = ("body", "header", "query", "method", "url", "received_at", "connection", "scope")
"""The names that every mapping may read."""

MAX_PARTS = 1_000
"""Most fields of a form."""

LARGEST = 16 * 2**20
"""Bytes of a body that is packed, once it is unpacked."""

MAIL = "message/rfc822"
"""Content type of a raw mail."""

JSON_LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"})
"""Content types of bodies with a JSON value per line."""

_JSON: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class Delivery(msgspec.Struct, frozen=True):
    """A request of another system, an answer of its API, or a row of a file.

    Names of `headers` are in lower case. `received_at` is the time of arrival, by our clock.
    """

    connection: str
    received_at: datetime
    body: bytes
    method: str = "POST"
    url: str = ""
    headers: dict[str, str] = {}


def document_of(delivery: Delivery) -> dict[str, Any]:
    """Return the document of a delivery. Raises Invalid if the body cannot be read."""
    return {"body": body_of(delivery), **envelope_of(delivery)}


def envelope_of(delivery: Delivery) -> dict[str, Any]:
    """Return the document of a delivery without its body."""
    query = delivery.url.partition("#")[0].partition("?")[2]
    return {
        "header": delivery.headers,
        "query": dict(parse_qsl(query, keep_blank_values=True)),
        "method": delivery.method,
        "url": delivery.url,
        "received_at": delivery.received_at,
    }


def body_of(delivery: Delivery) -> Any:
    """Return the parsed body: JSON, JSON lines, a mail, or a form's fields. Raises Invalid."""
    if (fields := form_of(delivery)) is not None:
        return dict(fields)
    body = unpacked(delivery)
    if not body.strip():
        return None
    kind = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == MAIL:
        return _mail(body)
    return list(_lines(body)) if kind in JSON_LINES else parse(_JSON, body)


def unpacked(delivery: Delivery) -> bytes:
    """Return the body without its content encoding (RFC 9110, 8.4). Raises Invalid."""
    encoding = delivery.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return delivery.body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Invalid(Reason.WRONG_TYPE, f"The body is packed as {encoding:.20}: send it as gzip.")
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        body = unpacker.decompress(delivery.body, LARGEST)
    except zlib.error as error:
        raise Invalid(Reason.WRONG_TYPE, f"The body cannot be unpacked: {error}.") from None
    if not unpacker.eof:
        raise Invalid(Reason.WRONG_TYPE, f"The body is cut, or larger than {LARGEST:,} bytes.")
    return body


_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""Has zlib find out which it is."""


def _mail(body: bytes) -> Any:
    try:
        return mail_document(body)
    except ValueError as error:
        raise Invalid(Reason.WRONG_TYPE, f"The body {error}.") from None


def _lines(body: bytes) -> Iterator[Any]:
    """Yield the value of each line; a line that is not JSON is yielded as text."""
    for line in body.splitlines():
        if line.strip():
            try:
                yield parse(_JSON, line)
            except Invalid:
                yield line.decode(errors="replace")


def form_of(delivery: Delivery) -> list[tuple[str, str]] | None:
    """Return the fields of a form, None if the body is no form. Raises Invalid."""
    kind = delivery.headers.get("content-type", "")
    if "multipart/form-data" in kind.lower():
        return list(_parts(unpacked(delivery), kind))
    if "x-www-form-urlencoded" in kind.lower():
        return _fields(unpacked(delivery))
    return None


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARTS,
        )
    except ValueError as error:  # also what cannot be decoded
        raise Invalid(Reason.NOT_UTF8, f"The form cannot be read: {error}.") from None


def _parts(body: bytes, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of a multipart form; files are left out."""
    options = multipart.parse_options_header(kind)[1]
    size = len(body)
    parser = multipart.MultipartParser(
        BytesIO(body),
        options.get("boundary", ""),
        content_length=size,
        part_limit=MAX_PARTS,
        spool_limit=size + 1,  # nothing of it goes to a file
        memory_limit=size + 1,
    )
    try:
        for part in parser:
            if part.filename is None:
                yield part.name, part.raw.decode(part.charset or "utf-8", "replace")
    except (multipart.MultipartError, LookupError, ValueError) as error:
        raise Invalid(Reason.WRONG_TYPE, f"The form cannot be read: {error}.") from None
