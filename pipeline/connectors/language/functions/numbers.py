"""Parses and computes numbers as systems and tables write them."""

from collections.abc import Mapping
from functools import partial

from pipeline.connectors.language.functions.function import Function
from pipeline.model.dead_letter import Invalid
from pipeline.sources import csv_cells

number_in = partial(csv_cells.number, "value")


def number(value: object) -> float | int:
    """Return a number from a number or its text, with a decimal comma or point."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        read = number_in(str(value))
    except Invalid:
        raise ValueError(f"`{value!s:.40}` is no number") from None
    return int(read) if read.is_integer() else read


def times(value: object, factor: object) -> float | int:
    """Return the value multiplied by a number."""
    return number(value) * number(factor)


def divided(value: object, divisor: object) -> float:
    """Return the value divided by a number, such as kuruş by 100."""
    try:
        return number(value) / number(divisor)
    except (ZeroDivisionError, OverflowError):
        raise ValueError(f"`{value!s:.40}` cannot be divided by {divisor!s:.40}") from None


def minus(value: object, other: object) -> float | int | None:
    """Return the value minus another, None if that is missing."""
    return None if other is None else number(value) - number(other)


def plus(value: object, other: object) -> float | int | None:
    """Return the value plus another, None if that is missing."""
    return None if other is None else number(value) + number(other)


def whole(value: object) -> int:
    """Return the integer part of a number."""
    try:
        return int(number(value))
    except (OverflowError, ValueError):
        raise ValueError(f"`{value!s:.40}` is no whole number") from None


FUNCTIONS: Mapping[str, Function] = {
    "number": Function(number),
    "times": Function(times, range(1, 2)),
    "divided": Function(divided, range(1, 2)),
    "minus": Function(minus, range(1, 2)),
    "plus": Function(plus, range(1, 2)),
    "whole": Function(whole),
}
