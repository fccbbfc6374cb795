"""What holds for every habit, from limits.yaml."""

from importlib.resources import files
from typing import Final, Literal

import msgspec

Measure = Literal["amount", "count"]
"""What a day's value is: a sum of what is measured (gb, minutes), or how often something came."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The budget of false alarms and what habits look like; limits.yaml says what each is."""

    budget: float
    for_falling: float
    left: float
    recent: int
    taught_by: int
    outlier: float
    spread: dict[Measure, float]
    spread_days: int
    gaps: int
    weekday_weeks: float
    irregular_gaps: float
    most_regular: int
    believed: float
    sparse: float
    back_days: int
    back: float
    shown: int


LIMITS: Final = msgspec.yaml.decode(
    files(__package__).joinpath("limits.yaml").read_bytes(), type=Limits
)

DAYS_OF_MONTH: Final = 30
"""Days of a month of the budget."""
