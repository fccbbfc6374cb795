"""Recognises automatic mail: notices of absence, receipts, bounces."""

import re
from importlib.resources import files
from typing import Final

import msgspec

from pipeline.common.plain_text import bare
from pipeline.connectors.language.functions.mail import headers_of


class _Signs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    headers: dict[str, str]
    subjects: dict[str, list[str]]


_SIGNS: Final = msgspec.yaml.decode(
    files("pipeline.connectors.language.functions").joinpath("automatic.yaml").read_bytes(),
    type=_Signs,
)
_HEADERS: Final = {name: re.compile(form, re.DOTALL) for name, form in _SIGNS.headers.items()}
_SUBJECT: Final = re.compile(
    r"\W*(?:" + "|".join(form for forms in _SIGNS.subjects.values() for form in forms) + r")\W*"
    r"(?:$|[:–—\]-].*)",
    re.DOTALL,
)


def auto_reply(value: object) -> str | None:
    """Return the header or subject that shows a mail to be automatic, or None."""
    for name, text in headers_of(value):
        form = _SUBJECT if name == "subject" else _HEADERS.get(name)
        if form and form.fullmatch(said := bare(text).strip()):
            return f"{name}: {said:.80}"
    return None
