"""Formats tables in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def comparison(subjects: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of compared subjects; rates are in events."""
    head = (
        "",
        "rate, ratio",
        "events/s",
        "CPU an event, ratio",
        "µs",
        "broker µs",
        "store µs",
        "MB",
    )
    return table(
        head,
        (
            (
                one["subject"],
                spread(one["ratio"]),
                f"{one['rate']['median']:,.0f}",
                spread(one["cpu_ratio"]),
                f"{one['cpu_us']['median']:.0f}",
                f"{one['broker_us']:.0f}",
                f"{one['clickhouse_us']:.0f}",
                f"{one['rss_mb']:.0f}",
            )
            for one in subjects
        ),
    )


def spread(value: Mapping[str, float]) -> str:
    """Return a figure over several runs: its median, lowest and highest."""
    return f"{value['median']:.2f} ({value['low']:.2f}–{value['high']:.2f})"
