"""Numbers, as systems and tables write them."""

import re
from collections.abc import Mapping

from pipeline.connectors.functions.function import Function

_GROUPED = re.compile(r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?|-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def number(value: object) -> float | int:
    """Return a number from a number or its text, as 4, 4.5, 4,5 or 1.234,50."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = str(value).strip().replace("\u00a0", "").replace(" ", "")
    if _GROUPED.fullmatch(text) and (text.count(".") != 1 or "," in text):
        decimal = "," if text.rfind(",") > text.rfind(".") else "."
        if text.count(decimal) > 1:
            decimal = ""
        text = "".join(
            "." if sign == decimal else sign for sign in text if sign not in ".," or sign == decimal
        )
    text = text.replace(",", ".")
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"`{value!s:.40}` is no number") from None


def times(value: object, factor: object) -> float | int:
    """Return the value so many times."""
    return number(value) * number(factor)


def divided(value: object, divisor: object) -> float:
    """Return the value divided by a number, as kuruş by 100."""
    try:
        return number(value) / number(divisor)
    except (ZeroDivisionError, OverflowError):
        raise ValueError(f"`{value!s:.40}` cannot be divided by {divisor!s:.40}") from None


def minus(value: object, other: object) -> float | int | None:
    """Return the value less another, None where there is none."""
    return None if other is None else number(value) - number(other)


def whole(value: object) -> int:
    """Return the number without what is after the point."""
    try:
        return int(number(value))
    except (OverflowError, ValueError):
        raise ValueError(f"`{value!s:.40}` is no whole number") from None


FUNCTIONS: Mapping[str, Function] = {
    "number": Function(number),
    "times": Function(times, range(1, 2)),
    "divided": Function(divided, range(1, 2)),
    "minus": Function(minus, range(1, 2)),
    "whole": Function(whole),
}
