"""Loads hand-written customer texts that are easy to misread; one YAML file per category.

They are for measuring only: no weights are trained or selected on them, and no cue is derived from
them.
"""

from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta

from pipeline.common.languages import Language
from pipeline.model.reading import Label


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text and its intended label. A mixed text has the language of its grammar."""

    text: Annotated[str, Meta(min_length=1)]
    label: Label
    language: Language


def load() -> dict[str, list[Item]]:
    """Return the items of each category, categories in alphabetical order.

    Raises `msgspec.ValidationError` if a file is not a list of items.
    """
    sheets = [file for file in files(__name__).iterdir() if file.name.endswith(".yaml")]
    return {
        sheet.name.removesuffix(".yaml"): msgspec.yaml.decode(sheet.read_bytes(), type=list[Item])
        for sheet in sorted(sheets, key=lambda sheet: sheet.name)
    }
