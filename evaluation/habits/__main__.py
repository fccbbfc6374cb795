"""Measures what is told of simulated habits: `python -m evaluation.habits [--save]`."""

from collections.abc import Iterator, Sequence
from math import isinf
from typing import Annotated, Final

import numpy as np
import typer
from rich import print as show

from evaluation.habits.customers import BEYOND, DAILY, SPARSE, STEADY, Group, Values
from evaluation.habits.play import (
    TO_HALF,
    days_to_find,
    days_to_notice,
    false_alarms,
    gaps_to_notice,
)
from pipeline.common.generated_tables import with_rows
from pipeline.config.groups import ROOT

_PAGE: Final = ROOT / "docs" / "habits.md"
_SEED: Final = 1
_KNOWN: Final = (6, 10, 20, 59)
"""How many gaps are known of customers whose silence is measured in their own gaps."""
_FADES: Final = 300
"""Customers of each group whose habit fades or ends."""

Rows = list[list[str]]


def main(
    customers: Annotated[int, typer.Option(help="Steady customers, of all groups.")] = 10_000,
    months: Annotated[int, typer.Option(help="Months that they are looked at.")] = 6,
    save: Annotated[bool, typer.Option("--save", help="Write docs/habits.md.")] = False,
) -> None:
    """Measure false alarms, and how soon fades and silence are told."""
    tables = {
        ("steady customers", "customer-months", "falling", "silent", "per 1,000 months"): _steady(
            customers, months
        ),
        (
            "daily number",
            "and then",
            "told ≤ 5 days after half",
            "from half: median, 9 of 10",
            "from onset: median, 9 of 10",
        ): list(_fades()),
        ("habit that ends", "told after days: median", "9 of 10"): list(_ends()),
        ("gaps", *(f"{known} are known" for known in _KNOWN)): list(_gaps()),
    }
    for titles, rows in tables.items():
        show(titles, *rows, sep="\n")
    if save:
        page = _PAGE.read_text(encoding="utf-8")
        for titles, rows in tables.items():
            page = with_rows(page, titles, rows)
        _PAGE.write_text(page, encoding="utf-8")


def _steady(customers: int, months: int) -> Rows:
    """Return the false alarms of each group, and of all to which the budget is promised."""
    each = customers // len(STEADY)
    counted = [
        _counted(group, _SEED + place, each, months)
        for place, group in enumerate((*STEADY, *BEYOND))
    ]
    sums = [sum(column) for column in zip(*counted[: len(STEADY)], strict=True)]
    names = [
        *(group.name for group in STEADY),
        *(f"{group.name}, not promised" for group in BEYOND),
    ]
    rows = zip(["**all that are promised**", *names], [sums, *counted], strict=True)
    return [
        [name, f"{total:,}", str(falling), str(silent), f"{1000 * (falling + silent) / total:.2f}"]
        for name, (total, falling, silent) in rows
    ]


def _counted(group: Group, seed: int, customers: int, months: int) -> Sequence[int]:
    """Return the months, and the false alarms of falling and of silence."""
    told = false_alarms(group, seed, customers, months)
    falling = sum(one.state == "falling" for one in told)
    return customers * months, falling, len(told) - falling


def _fades() -> Iterator[list[str]]:
    for place, group in enumerate(DAILY):
        for then, ends_at in (("stays at half", 0.5), ("on to nothing", 0.0)):
            days = days_to_find(group, _SEED + place, _FADES, ends_at=ends_at)
            soon = np.mean(days - TO_HALF <= 5)
            yield [group.name, then, f"{soon:.0%}", _days(days - TO_HALF), _days(days)]


def _ends() -> Iterator[list[str]]:
    for place, group in enumerate(STEADY):
        median, late = _days(days_to_notice(group, _SEED + place, _FADES)).split(", ")
        yield [group.name, median, late]


def _gaps() -> Iterator[list[str]]:
    for place, group in enumerate(SPARSE):
        found = [gaps_to_notice(group, _SEED + place, _FADES, known) for known in _KNOWN]
        yield [group.name, *(f"{np.median(one):.1f}" for one in found)]


def _days(days: Values) -> str:
    """Return the days within which half and nine tenths are told."""
    ordered = np.sort(days)
    quantiles = (ordered[int(share * (len(days) - 1))] for share in (0.5, 0.9))
    return ", ".join("never" if isinf(one) else f"{one:.0f}" for one in quantiles)


typer.run(main)
