"""What a company sets of its board: `desk/board.yaml`."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pipeline.durations import Duration, duration
from pipeline.settings import SettingsError


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    time_zone: str
    snooze: tuple[Duration, ...]
    value: Mapping[str, float]


class Desk(NamedTuple):
    """In which zone times are shown, how long one may snooze, what a segment's customers count."""

    zone: ZoneInfo
    snooze: tuple[timedelta, ...]
    value: Mapping[str, float]


def load_desk(path: Path) -> Desk:
    """Return what is in a board.yaml. Raises SettingsError."""
    try:
        form = msgspec.yaml.decode(path.read_bytes(), type=_Form)
        zone = ZoneInfo(form.time_zone)
    except OSError as error:
        raise SettingsError(
            f"NABIZ_BOARD_FILE: {path}: cannot be read ({error.strerror})"
        ) from None
    except (ZoneInfoNotFoundError, ValueError, msgspec.DecodeError) as error:
        raise SettingsError(f"NABIZ_BOARD_FILE: {path}: {error}") from None
    if any(value <= 0 for value in form.value.values()):
        raise SettingsError(f"NABIZ_BOARD_FILE: {path}: value: each must be above 0")
    return Desk(zone, tuple(map(duration, form.snooze)), form.value)
