"""Common parts of verification schemes: texts of a request, comparison, time."""

import base64
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from pipeline.connectors.delivery import Delivery, form_of
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.verify_form import Encoding
from pipeline.connectors.verify.verdict import Accepted, Unverified
from pipeline.model.dead_letter import Invalid

Proof: TypeAlias = Callable[[Delivery, Scope], Accepted | Unverified]
"""A compiled scheme. Raises ValueError for unreadable input."""
Message: TypeAlias = Callable[[Delivery, Scope], bytes | None]
"""Returns the signed text, None if a part of it is missing."""

_OF_BODY = re.compile(r"(?<!\{)\{(body|form)\}(?!\})")


def same(given: str | bytes, expected: str | bytes) -> bool:
    """Return whether two texts are equal, in constant time."""
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def text_of(value: Any) -> str:
    """Return a text or whole number as text, any other value as ""."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def without_prefix(text: str, prefix: str) -> str | None:
    """Return the text after a prefix, ignoring case; None without it."""
    return text[len(prefix) :] if text[: len(prefix)].lower() == prefix.lower() else None


def decoded(text: str, encoding: Encoding) -> bytes | None:
    """Return the bytes of an encoded text, None if it is invalid."""
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except ValueError:
        return None


def out_of_time(moment: Any, now: datetime, tolerance: timedelta) -> str:
    """Return the problem with a time of signing, or ""."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return "nothing says when it was signed"
    if moment < now - tolerance:
        return "it was signed too long ago"
    return "it was signed in the future" if moment > now + tolerance else ""


def message_of(form: str, compiler: Compiler, where: str) -> Message:
    """Compile the signed text: `{body}`, `{form}` and expressions. Raises MappingError."""
    texts = _OF_BODY.split(form)
    values = [compiler.required(text, where) if text else None for text in texts[::2]]
    parts = texts[1::2]

    def message(request: Delivery, scope: Scope) -> bytes | None:
        pieces = []
        for place, value in enumerate(values):
            if value is not None:
                if (text := text_of(value(scope))) == "":
                    return None
                pieces.append(_bytes(text))
            if place < len(parts):
                pieces.append(request.body if parts[place] == "body" else _form(request))
        return b"".join(pieces)

    return message


def _form(request: Delivery) -> bytes:
    """Return the sorted names and values of a form, each pair once, without separators."""
    try:
        fields = form_of(request) or []
    except Invalid:
        return b""
    return _bytes("".join(f"{name}{value}" for name, value in sorted(set(fields))))
