"""What a company wrote wrong in a file of its desk is a sentence with the file and the place."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from pipeline.common.yaml_files import read_form


class Form(msgspec.Struct, forbid_unknown_fields=True):
    day: date | None = None
    names: tuple[str, ...] = ()
    size: int = 1


class FormError(Exception):
    pass


def read(folder: Path, text: str | bytes) -> Form:
    path = folder / "form.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_form(path, Form, FormError)


def test_dates_and_texts_are_as_they_are_written(tmp_path: Path) -> None:
    read_one = read(tmp_path, "day: 2026-10-29\nnames: [2026-10-28, a]\nsize: 2\n")
    assert read_one == Form(date(2026, 10, 29), ("2026-10-28", "a"), 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("day: 2026-02-30", "day: Invalid"),
        ("names: [a, 1]", r"names\[1\]: Expected `str`, got `int`"),
        ("size: !!int many", "the file, line 1: `many` cannot be read"),
        ("\nday: !!timestamp never", "the file, line 2: `never` cannot be read"),
        ("size: " + "9" * 5_000, "the file, line 1: "),
        ("names: [a", "the file, line 1: "),
        ("colour: red", "the file: Object contains unknown field `colour`"),
        ("", "the file: Expected `object`, got `null`"),
        ("names: " + "[" * 5_000, "the file"),
        ("names: &n [*n]", r"names\[0\]: Expected `str`, got `array`"),
        (b"\xff\xfe\x00", "the file: is no YAML in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(FormError, match=reason) as told:
        read(tmp_path, text)
    assert str(told.value).startswith(f"{tmp_path}/form.yaml: ")
    assert "\n" not in str(told.value)
