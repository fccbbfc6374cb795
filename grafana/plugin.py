"""Expands variables and macros as Grafana and its ClickHouse plugin do.

Tests and benchmarks run the panels' SQL with it, without Grafana. It follows the sources of the
plugin 4.20 (`applyConditionalAll` in CHDatasource.ts, pkg/macros/macros.go), as far as queries here
need it; the image has the later version of `clickhouse.py`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

Variables = Mapping[str, Sequence[str]]
"""Chosen values by variable; an empty choice means All."""

_CONDITIONAL = "$__conditionalAll("
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}")


def expand(sql: str, start: datetime, end: datetime, interval_s: int, variables: Variables) -> str:
    """Return the statement for ClickHouse. Raises ValueError for an unknown macro."""
    sql = choose(sql, variables)
    first, last = int(start.timestamp()), int(end.timestamp())
    macros = {
        r"\$__fromTime\b": f"toDateTime({first})",
        r"\$__toTime\b": f"toDateTime({last})",
        r"\$__interval_s\b": str(max(interval_s, 1)),
        r"\$__timeFilter\(([^()]+)\)": rf"\1 >= toDateTime({first}) AND \1 <= toDateTime({last})",
        r"\$__timeInterval\(([^()]+)\)": (
            rf"toStartOfInterval(toDateTime(\1), INTERVAL {max(interval_s, 1)} second)"
        ),
    }
    for pattern, meaning in macros.items():
        sql = re.sub(pattern, meaning, sql)
    if left := re.search(r"\$\w+", sql):
        raise ValueError(f"unknown macro or variable {left[0]}")
    return sql


def choose(sql: str, variables: Variables) -> str:
    """Replace the variables of a statement by values, and keep its macros."""
    sql = _conditional_all(sql, variables)
    return _VARIABLE.sub(lambda match: _value(variables[match[1]], match[2]), sql)


def _conditional_all(sql: str, variables: Variables) -> str:
    """Replace conditions on a variable set to All by 1=1, as the plugin does."""
    while (begin := sql.rfind(_CONDITIONAL)) >= 0:
        (condition, variable), end = _arguments(sql, begin + len(_CONDITIONAL))
        chosen = variables[variable.strip().removeprefix("$")]
        sql = sql[:begin] + (condition if chosen else "1=1") + sql[end:]
    return sql


def _arguments(sql: str, begin: int) -> tuple[list[str], int]:
    """Return the arguments of a call whose parenthesis is before `begin`, and its end."""
    arguments, depth, first = [], 1, begin
    for place in range(begin, len(sql)):
        character = sql[place]
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 or (depth == 1 and character == ","):
            arguments.append(sql[first:place])
            first = place + 1
        if depth == 0:
            return arguments, place + 1
    raise ValueError("a macro is not closed")


def _value(chosen: Sequence[str], form: str | None) -> str:
    """Format values as Grafana does: with `singlequote`, or a single plain value."""
    if form == "singlequote":
        return ",".join("'" + value.replace("'", "\\'") + "'" for value in chosen)
    (value,) = chosen
    return value
