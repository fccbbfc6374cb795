"""How many wordings of promises are read, of those that promises.yaml was not written by."""

from datetime import datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.calendar.calendar_file import load_calendars
from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.config.groups import ROOT
from pipeline.detection.promised import due_at
from pipeline.text.normalise import fold
from pipeline.text.phrases import words_of
from pipeline.text.promises import find_promises


class Wording(msgspec.Struct, forbid_unknown_fields=True):
    """A sentence that promises something; by `due`, or at no time that is named."""

    text: str
    what: str
    due: str | None = None


class Wordings(msgspec.Struct, forbid_unknown_fields=True):
    """Sentences that promise something, and such as do not."""

    promises: list[Wording]
    none: list[str]


WORDINGS = msgspec.yaml.decode(
    files("evaluation").joinpath("promises.yaml").read_bytes(), type=dict[str, Wordings]
)
OFFICE = load_calendars(ROOT / "desk" / "calendar.yaml").house
SAID = datetime(2026, 11, 3, 10, tzinfo=ZoneInfo("Europe/Istanbul"))


def read(text: str) -> list[tuple[str, str | None]]:
    """Return what is promised, and by when."""
    folded = fold([text])
    (found,) = find_promises(folded, words_of(folded))
    at = to_micros(SAID)
    dues = [
        f"{to_datetime(due_at(one, at, OFFICE)).astimezone(SAID.tzinfo):%m-%d %H:%M}"
        for one in found
    ]
    return [
        (one.what, due if one.names_time else None) for one, due in zip(found, dues, strict=True)
    ]


@pytest.mark.parametrize("one", WORDINGS["developed"].promises, ids=lambda one: one.text)
def test_a_wording_is_read(one: Wording) -> None:
    assert (one.what, one.due) in read(one.text)


@pytest.mark.parametrize("text", WORDINGS["developed"].none)
def test_what_promises_nothing_is_not_read(text: str) -> None:
    assert read(text) == []


def test_wordings_held_out_are_read_as_often_as_documented() -> None:
    held_out = WORDINGS["held_out"]
    kinds = sum(one.what in dict(read(one.text)) for one in held_out.promises)
    times = sum((one.what, one.due) in read(one.text) for one in held_out.promises)
    false = sum(bool(read(text)) for text in held_out.none)
    assert (len(held_out.promises), len(held_out.none)) == (50, 30)
    assert (kinds, times, false) == (45, 44, 2)
