"""What a company sets of its board: `desk/board.yaml`."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pipeline.common.durations import Duration, duration
from pipeline.common.yaml_files import read_form
from pipeline.config.settings import SettingsError


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    time_zone: str
    snooze: tuple[Duration, ...]
    value: Mapping[str, float]


class BoardConfig(NamedTuple):
    """In which zone times are shown, how long one may snooze, what a segment's customers count."""

    zone: ZoneInfo
    snooze: tuple[timedelta, ...]
    value: Mapping[str, float]


def load_board_config(path: Path) -> BoardConfig:
    """Return what is in a board.yaml. Raises SettingsError."""
    form = read_form(path, _Form, _wrong)
    try:
        zone = ZoneInfo(form.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise _wrong(f"{path}: time_zone: there is no zone `{form.time_zone}`") from None
    if any(value <= 0 for value in form.value.values()):
        raise _wrong(f"{path}: value: each must be above 0")
    return BoardConfig(zone, tuple(map(duration, form.snooze)), form.value)


def _wrong(said: str) -> SettingsError:
    return SettingsError(f"NABIZ_BOARD_FILE: {said}")
