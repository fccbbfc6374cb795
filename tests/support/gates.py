"""Mappings that consist of how a delivery is verified."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.verify.admission import Admission, admit

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
HEAD = """\
system: shop
title: {tr: Dükkân, en: Shop}
transports: [webhook]
things: [{ignore: [{reason: nothing}]}]
settings:
  secret: {meaning: {tr: Gizli anahtar, en: Secret}, secret: true}
  verify_token: {meaning: {tr: Doğrulama sözcüğü, en: Verify token}, secret: true}
"""


def gate(text: str) -> Mapping:
    """Return a mapping with these lines; raises MappingError."""
    return Mapping(Path("mapping.yaml"), (HEAD + text).encode())


def admitted(
    mapping: Mapping,
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    url: str = "",
    at: datetime = NOW,
    **settings: Any,
) -> Admission:
    """Return what becomes of a request at a connection with these settings."""
    request = Delivery("shop-1", at, body, method, url, headers or {})
    return admit(request, mapping, Connection("shop-1", "shop", settings))
