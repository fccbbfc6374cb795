"""Fits a model of risk to customer-months, and checks it on later ones. Needs the extra `risk`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pipeline.kpi.estimates import share
from pipeline.model.risk_model import Bin, Check, RiskModel
from pipeline.risk.examples import HORIZON, CustomerMonth

LEAST_LEFT: Final = 50
"""Fewest customer-months with a leaving that a model is fitted to and checked on, together."""
LEAST_IN_PART: Final = 5
"""Fewest of them in each part: the months of the fit, of the calibration and of the check."""
LARGEST_ERROR: Final = 0.05
"""Expected calibration error up to which a model is fit for use."""
BINS: Final = 10
SURE: Final = 1e-6
"""No threshold is closer to certainty than this."""

Table: TypeAlias = NDArray[np.float64]
Column: TypeAlias = NDArray[Any]


class Unfit(Exception):  # noqa: N818 - an answer, not a mistake
    """No model fit for use can be made of the history; the message says why."""


class Basis(NamedTuple):
    """What a fit depends on beside the customer-months: when, and by which rules and settings."""

    fitted_at: datetime
    rules_version: str
    half_life_days: float
    risk_threshold: float


class _Part(NamedTuple):
    """The customer-months of consecutive moments."""

    months: Sequence[CustomerMonth]
    features: Table
    left: Column

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first moment to the horizon of the last."""
        return self.months[0].at, self.months[-1].at + HORIZON


class _Linear(NamedTuple):
    """Log-odds as a linear function of the features."""

    intercept: float
    weights: Column

    def log_odds(self, features: Table) -> Column:
        return np.asarray(self.intercept + features @ self.weights)

    def probabilities(self, features: Table) -> Column:
        return np.asarray(1 / (1 + np.exp(-self.log_odds(features))))


def fit(months: Sequence[CustomerMonth], basis: Basis) -> RiskModel:
    """Return a model of leaving, checked on the last months. Raises Unfit.

    The months are split by time: of their moments the first are fitted to, the next calibrate
    what was fitted, the last quarter checks it.
    """
    months = sorted(months, key=lambda month: month.at)
    _require(months)
    names = sorted({name for month in months for name in month.features})
    fitting, calibrating, checking = _parts(months, names)
    model = _calibrated(_monotone(fitting), calibrating)
    check = _checked(model.probabilities(checking.features), checking)
    if check.calibration_error > LARGEST_ERROR:
        raise Unfit(
            f"the probabilities are off by {check.calibration_error:.3f} on average in the months "
            f"after those of the fit, more than {LARGEST_ERROR}: customers leave for other reasons "
            "by now than they did; try again with later months"
        )
    start, _ = fitting.span
    _, end = calibrating.span
    return RiskModel(
        version=1,
        fitted_at=basis.fitted_at,
        start=start,
        end=end,
        n=len(fitting.months) + len(calibrating.months),
        left=int(fitting.left.sum() + calibrating.left.sum()),
        horizon_days=HORIZON.days,
        half_life_days=basis.half_life_days,
        rules_version=basis.rules_version,
        intercept=model.intercept,
        weights={
            name: float(weight)
            for name, weight in zip(names, model.weights, strict=True)
            if weight > 0
        },
        threshold=_threshold(model, fitting, basis.risk_threshold),
        check=check,
    )


def _require(months: Sequence[CustomerMonth]) -> None:
    left = sum(month.left for month in months)
    if left < LEAST_LEFT:
        raise Unfit(
            f"too little history: in {left} of {len(months)} customer-months a customer left, "
            f"at least {LEAST_LEFT} are needed; until then the hand-set weights stay"
        )


def _parts(months: Sequence[CustomerMonth], names: Sequence[str]) -> tuple[_Part, _Part, _Part]:
    """Split by time, so that no leaving is in two parts. Raises Unfit if a part has too few."""
    moments = sorted({month.at for month in months})
    checked = max(1, len(moments) // 4)
    calibrated = max(1, (len(moments) - checked) // 4)
    if len(moments) < 3:
        raise Unfit("too short a history: at least four months are needed, to fit and to check")
    to_calibrate, to_check = moments[-checked - calibrated], moments[-checked]
    parts = (
        _part([month for month in months if month.at < to_calibrate], names),
        _part([month for month in months if to_calibrate <= month.at < to_check], names),
        _part([month for month in months if to_check <= month.at], names),
    )
    for part, use in zip(parts, ("fit to", "calibrate by", "check by"), strict=True):
        if (left := int(part.left.sum())) < LEAST_IN_PART:
            start, end = part.span
            raise Unfit(
                f"too little history: of the months to {use}, {start:%Y-%m-%d} to {end:%Y-%m-%d}, "
                f"{left} have a customer who left, at least {LEAST_IN_PART} are needed"
            )
    return parts


def _part(months: Sequence[CustomerMonth], names: Sequence[str]) -> _Part:
    rows = [[month.features.get(name, 0.0) for name in names] for month in months]
    left = np.array([month.left for month in months])
    return _Part(months, np.array(rows, dtype=float).reshape(len(months), len(names)), left)


def _monotone(part: _Part) -> _Linear:
    """Return a logistic regression in which no feature lowers the risk. Raises Unfit without any.

    The feature of the most negative weight is left out until none is negative; weights are
    penalised on the scale of the features' spread.
    """
    spread = part.features.std(axis=0)
    kept = np.flatnonzero(spread)
    while kept.size:
        scaled = part.features[:, kept] / spread[kept]
        fitted = LogisticRegression(max_iter=1_000).fit(scaled, part.left)
        (weights,) = fitted.coef_
        if weights.min() >= 0:
            all_weights = np.zeros(len(spread))
            all_weights[kept] = weights / spread[kept]
            return _Linear(float(fitted.intercept_[0]), all_weights)
        kept = np.delete(kept, weights.argmin())
    raise Unfit("nothing in the history tells those who left from the others")


def _calibrated(model: _Linear, part: _Part) -> _Linear:
    """Return the model with log-odds stretched and moved to fit later months. Raises Unfit.

    Platt (1999): a logistic regression on the log-odds, which leaves the model linear.
    """
    log_odds = model.log_odds(part.features).reshape(-1, 1)
    platt = LogisticRegression(C=np.inf, max_iter=1_000).fit(log_odds, part.left)
    slope, move = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    if slope <= 0:
        raise Unfit(
            "what told those who left from the others in the first months does not in later ones"
        )
    return _Linear(slope * model.intercept + move, slope * model.weights)


def _threshold(model: _Linear, part: _Part, score_threshold: float) -> float:
    """Return the probability that as many customer-months reach as reach the score's threshold."""
    ringing = np.mean([month.score >= score_threshold for month in part.months])
    threshold = np.quantile(model.probabilities(part.features), 1 - ringing)
    return float(np.clip(threshold, SURE, 1 - SURE))


def _checked(predicted: Column, part: _Part) -> Check:
    """Return how probabilities compare with what came: bins of equal size, and the top tenth."""
    order = np.argsort(predicted, kind="stable")
    bins = [_bin(predicted[rows], part.left[rows]) for rows in np.array_split(order, BINS)]
    n, left = len(order), int(part.left.sum())
    error = sum(one.n * abs(one.predicted - one.share) for one in bins) / n
    top, base = bins[-1], left / n
    start, end = part.span
    return Check(
        start=start,
        end=end,
        n=n,
        left=left,
        calibration_error=error,
        lift=top.share / base,
        lift_low=top.ci_low / base,
        lift_high=top.ci_high / base,
        reliability=tuple(bins),
    )


def _bin(predicted: Column, left: Column) -> Bin:
    n, k = len(left), int(left.sum())
    estimate = share(k, n)
    low, high = estimate.ci_low or 0.0, 100.0 if estimate.ci_high is None else estimate.ci_high
    return Bin(float(predicted.mean()), n, k, k / n, low / 100, high / 100)
