"""KPI values as they are read: never a number without its n and its interval."""

from datetime import datetime
from typing import Literal

import msgspec

Dimension = Literal["channel", "touchpoint", "segment", "brand", "source"]


class Window(msgspec.Struct, frozen=True):
    """Event time `[start, end)`, both aware."""

    start: datetime
    end: datetime


class KpiValue(msgspec.Struct, frozen=True):
    """One KPI of one slice; `value` is None where nothing was answered.

    `slice` is {} for the whole, else {dimension: value}. `provisional`: the window, or the
    waiting time that the definition asks for, had not ended at the time of reading.
    """

    kpi: str
    slice: dict[str, str]
    value: float | None
    n: int
    ci_low: float | None
    ci_high: float | None
    window_start: datetime
    window_end: datetime
    definition_version: str
    provisional: bool = False
