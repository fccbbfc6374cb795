"""Tells mail that a machine answered: notices of absence, receipts, mail that came back."""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

import msgspec

from pipeline.common.plain_text import bare


class _Signs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    headers: dict[str, str]
    subjects: dict[str, list[str]]


_SIGNS: Final = msgspec.yaml.decode(
    files("pipeline.connectors.functions").joinpath("automatic.yaml").read_bytes(), type=_Signs
)
_HEADERS: Final = {name: re.compile(form, re.DOTALL) for name, form in _SIGNS.headers.items()}
_SUBJECT: Final = re.compile(
    r"\W*(?:" + "|".join(form for forms in _SIGNS.subjects.values() for form in forms) + r")\W*"
    r"(?:$|[:–—\]-].*)",
    re.DOTALL,
)
_LINE: Final = re.compile(r"^([!-9;-~]+):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)


def auto_reply(value: object) -> str | None:
    """Return by what the headers of a mail, or its subject, say that a machine wrote it.

    Headers are an object, a list of pairs or of objects with `name` and `value`, JSON of these, or
    lines. None where nothing says so.
    """
    for name, text in _headers(value):
        said = bare(text).strip()
        if name in _HEADERS and _HEADERS[name].fullmatch(said):
            return f"{name}: {said:.80}"
        if name == "subject" and _SUBJECT.fullmatch(said):
            return f"subject: {said:.80}"
    return None


def _headers(value: object) -> Iterator[tuple[str, str]]:
    """Yield names in small letters, and values; a text that is no headers is a subject."""
    match value:
        case str() if value.lstrip().startswith(("[[", "[{", "{")):
            try:
                yield from _headers(msgspec.json.decode(value))
            except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
                yield "subject", value
        case str() if "\n" in value.strip():
            yield from ((name.lower(), text) for name, text in _LINE.findall(value))
        case str():
            yield "subject", value
        case Mapping():
            for name, text in value.items():
                yield str(name).lower(), _text(text)
        case list():
            for entry in value:
                match entry:
                    case [str() as name, text] | {"name": str() as name, "value": text}:
                        yield name.lower(), _text(text)


def _text(value: Any) -> str:
    return str(value[0] if isinstance(value, list) and value else value)
