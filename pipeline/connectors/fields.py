"""Converts values to fields of the envelope."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.connectors.language.expression import Scope, Value
from pipeline.connectors.language.functions import numbers
from pipeline.connectors.language.functions.times import WithoutOffset
from pipeline.connectors.outcome import Lacking
from pipeline.ingest.addresses import COUNTRY
from pipeline.ingest.pseudonyms import Pseudonyms
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import MAX_TEXT, USUAL_SCALES

_LIMITS = {"text": MAX_TEXT, "title": 1_000, "product": 200}
"""Fields that are truncated if too long."""


def evaluated(name: str, value: Value, scope: Scope) -> Any:
    """Return the value of a field, None if it has none. Raises Invalid."""
    try:
        result = value(scope)
    except WithoutOffset as error:
        raise Invalid(Reason.TIME_WITHOUT_OFFSET, f"`{name}`: {error}.") from None
    except ValueError as error:
        raise Invalid(Reason.WRONG_TYPE, f"`{name}`: {error}.") from None
    return None if result == "" else result


def demanded(name: str, value: Value, scope: Scope, why: str = "every event needs it") -> Any:
    """Return the value of a required field. Raises Invalid, or Lacking if it has none."""
    asked = len(scope.missed)
    if (result := evaluated(name, value, scope)) is None:
        raise Lacking(f"`{name}` is missing: {why}.", scope.missed[asked:])
    return result


def pseudonyms_of(scope: Scope) -> Pseudonyms:
    """Return what makes ids of addresses, as the connection has it."""
    settings = scope.names["connection"]
    key, country = settings.get("pseudonym_key"), settings.get("country")
    return Pseudonyms(str(key or ""), str(country or COUNTRY))


def text_of(name: str, value: Any) -> str | None:
    """Return a value as text, None if it is blank. Raises Invalid."""
    if value is None:
        return None
    if isinstance(value, bool | list | dict | datetime):
        raise Invalid(Reason.WRONG_TYPE, f"`{name}` is no text.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return text[: _LIMITS.get(name, len(text))] or None


def moment(name: str, value: Any) -> datetime:
    """Return a time parsed by a function. Raises Invalid."""
    if isinstance(value, datetime):
        return value
    raise Invalid(Reason.WRONG_TYPE, f"`{name}` is no time: a function must read it.")


def number(name: str, value: Any) -> float:
    """Return a number; true and false are not numbers. Raises Invalid."""
    try:
        return float(numbers.number(value))
    except (ValueError, OverflowError):
        raise Invalid(Reason.WRONG_TYPE, f"`{name}` is no number.") from None


def plain(name: str, value: Any) -> str | int | float | bool | None:
    """Return a value as an attribute, None if it has none. Raises Invalid."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | dict):
        raise Invalid(Reason.WRONG_TYPE, f"`{name}` is a list or an object.")
    result: str | int | float | bool | None = value
    return None if result == "" else result


def score_of(score: Mapping[str, Any]) -> dict[str, Any]:
    """Return a score, by default on the usual scale of its metric. Raises Invalid."""
    usual = dict(zip(("min", "max"), USUAL_SCALES.get(str(score["metric"]), ()), strict=False))
    given = {name: value for name, value in score.items() if value is not None}
    scale = {**usual, **given}
    return {
        "metric": score["metric"],
        "value": number("score.value", score["value"]),
        "scale_min": number("score.min", scale.get("min")),
        "scale_max": number("score.max", scale.get("max")),
    }
