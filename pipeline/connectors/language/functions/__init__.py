"""The functions that expressions of mappings may call, by name.

Each takes the value before the bar, which is not None, and returns another one, or None. It raises
ValueError, whose text says why, if the value cannot be read.
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
