"""Recognises automatic mail: notices of absence, receipts, bounces."""

import re
from importlib.resources import files
from itertools import chain
from typing import Final

import msgspec

from pipeline.common.plain_text import bare
from pipeline.connectors.language.functions.function import written
from pipeline.connectors.language.functions.mail import headers_of
from pipeline.text.automatic import is_automatic, title_form
from pipeline.text.letter_patterns import LEXICON


class _Signs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    headers: dict[str, str]
    subjects: dict[str, list[str]]


_SIGNS: Final = msgspec.yaml.decode(
    files("pipeline.connectors.language.functions").joinpath("automatic.yaml").read_bytes(),
    type=_Signs,
)
_HEADERS: Final = {name: re.compile(form, re.DOTALL) for name, form in _SIGNS.headers.items()}
_SUBJECT: Final = re.compile(
    title_form(
        chain(*LEXICON.automatic_titles.values(), *_SIGNS.subjects.values()), may_stand_alone=True
    ),
    re.DOTALL,
)


def auto_reply(value: object) -> str | None:
    """Return the header or subject that shows a mail to be automatic, or None."""
    for name, text in headers_of(value):
        form = _SUBJECT if name == "subject" else _HEADERS.get(name)
        if form and form.fullmatch(said := bare(text).strip()):
            return f"{name}: {said:.80}"
    return None


def automatic_text(value: object) -> str | None:
    """Return the text where it is an automatic reply."""
    text = written(value)
    return text if is_automatic(text) else None
