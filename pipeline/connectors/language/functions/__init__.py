"""The functions that expressions of mappings may call, by name.

Each takes the value before the bar, which is not None, and gives another, or None where there is
none. It raises ValueError, of a text that says what is wrong, where the value cannot be read.
"""

from collections.abc import Mapping

from pipeline.connectors.language.functions import (
    hashes,
    lists,
    mime,
    numbers,
    people,
    texts,
    times,
)
from pipeline.connectors.language.functions.function import Function

__all__ = ["FUNCTIONS", "Function"]

FUNCTIONS: Mapping[str, Function] = {
    **hashes.FUNCTIONS,
    **lists.FUNCTIONS,
    **mime.FUNCTIONS,
    **numbers.FUNCTIONS,
    **people.FUNCTIONS,
    **texts.FUNCTIONS,
    **times.FUNCTIONS,
}
