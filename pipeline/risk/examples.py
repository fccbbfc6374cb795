"""Customer-months: how a customer fared at a moment, and whether they left within the horizon."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from pipeline.common.epoch_micros import to_micros
from pipeline.config.groups import DetectSettings
from pipeline.detection.assessment import features_of, risk_of
from pipeline.detection.entry import entry_of
from pipeline.detection.fold import Fold
from pipeline.detection.rules import RuleSet
from pipeline.detection.step import pass_time, step
from pipeline.model.reading import Scored
from pipeline.risk.leaving import departures, is_gone, leaves_within

HORIZON: Final = timedelta(days=30)
"""The time within which leaving is foretold, and between the moments of a history."""


class CustomerMonth(NamedTuple):
    """A customer at a moment: the features and the score, and whether they left after it."""

    at: datetime
    features: dict[str, float]
    score: float
    left: bool


def moments_of(start: datetime, end: datetime) -> list[datetime]:
    """Return moments a horizon apart, with a horizon of history before the first and after each."""
    number = (end - start) // HORIZON
    return [end - back * HORIZON for back in range(number - 1, 0, -1)]


def customer_months(
    history: Sequence[Scored],
    moments: Sequence[datetime],
    rules: RuleSet,
    settings: DetectSettings,
) -> Iterator[CustomerMonth]:
    """Yield a customer at the moments at which they were one; `history` is in event order.

    The features are those of the fold in detection, of events up to the moment alone.
    """
    left = departures(history)
    entries = iter([entry_of(scored, rules.attributes) for scored in history])
    upcoming, fold = next(entries, None), Fold()
    for moment in moments:
        at = to_micros(moment)
        while upcoming and upcoming.at <= at:
            fold = step(fold, upcoming, rules, settings)
            upcoming = next(entries, None)
        fold = pass_time(fold, at, rules, settings)
        if history[0].event.occurred_at <= moment and not is_gone(moment, left):
            yield CustomerMonth(
                moment,
                features_of(fold.loads, fold.signs, at),
                risk_of(fold.loads),
                leaves_within(moment, HORIZON, left),
            )
