"""What the schemes of verification share: texts of a request, comparison, time."""

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
"""A compiled scheme. Raises ValueError of what cannot be read."""
Message: TypeAlias = Callable[[Delivery, Scope], bytes | None]
"""What is signed, None where a part of it is missing."""

_OF_BODY = re.compile(r"(?<!\{)\{(body|form)\}(?!\})")


def same(given: str | bytes, expected: str | bytes) -> bool:
    """Return whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def text_of(value: Any) -> str:
    """Return a value that is a text or a whole number as a text, any other as an empty one."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def without_prefix(text: str, prefix: str) -> str | None:
    """Return what follows a prefix, however its letters are written; None without it."""
    return text[len(prefix) :] if text[: len(prefix)].lower() == prefix.lower() else None


def decoded(text: str, encoding: Encoding) -> bytes | None:
    """Return the bytes that a text stands for, None where it stands for none."""
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except ValueError:
        return None


def out_of_time(moment: Any, now: datetime, tolerance: timedelta) -> str:
    """Return what is wrong with the time at which something was signed, empty if nothing is."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return "nothing says when it was signed"
    if moment < now - tolerance:
        return "it was signed too long ago"
    return "it was signed in the future" if moment > now + tolerance else ""


def message_of(form: str, compiler: Compiler, where: str) -> Message:
    """Compile what is signed: `{body}` and `{form}`, and expressions. Raises MappingError."""
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
    """Return the names and values of a form, sorted, each pair once, nothing between them."""
    try:
        fields = form_of(request) or []
    except Invalid:
        return b""
    return _bytes("".join(f"{name}{value}" for name, value in sorted(set(fields))))
