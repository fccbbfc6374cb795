"""Reads the company's settings of its board, `desk/board.yaml`."""

from collections.abc import Mapping
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from pipeline.calendar.calendar_file import load_time_zone
from pipeline.common.durations import Duration, duration
from pipeline.common.time_zones import time_zone_of
from pipeline.common.yaml_files import read_form
from pipeline.config.settings import SettingsError


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    snooze: tuple[Duration, ...]
    value: Mapping[str, float]
    time_zone: str | None = None


class BoardConfig(NamedTuple):
    """Time zone, durations to snooze for, and the weight of customers by segment.

    `own_zone`: the file names the zone, which is deprecated.
    """

    zone: ZoneInfo
    snooze: tuple[timedelta, ...]
    value: Mapping[str, float]
    own_zone: bool


def load_board_config(path: Path, calendar: Path) -> BoardConfig:
    """Read a board.yaml; the calendar gives a missing time zone.

    Raises SettingsError and CalendarError.
    """
    form = read_form(path, _Form, _wrong)
    own_zone = form.time_zone is not None
    zone = (
        load_time_zone(calendar)
        if form.time_zone is None
        else time_zone_of(form.time_zone, f"{path}: time_zone", _wrong)
    )
    if not all(0 < value < inf for value in form.value.values()):
        raise _wrong(f"{path}: value: each must be above 0")
    return BoardConfig(zone, tuple(map(duration, form.snooze)), form.value, own_zone)


def _wrong(reason: str) -> SettingsError:
    return SettingsError(f"NABIZ_BOARD_FILE: {reason}")
