"""Compares the figures of a running Nabız with an independent count from the files.

    python -m evaluation.reconcile --data DIR FILE...

The files hold complaints and tweets as `nabiz replay` reads them, distinguished by `source`. The
store must contain exactly these. Exit code 0: all figures agree; 1: a table shows the differences.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from evaluation.count import Figure, Files, Row, figures_of_files, read_files, windows
from pipeline.cli.target import ask, find
from pipeline.config.settings import Settings


class Difference(NamedTuple):
    """A figure that differs between the files and Nabız."""

    figure: Figure
    files: float | None
    nabiz: float | None


def figures_of_nabiz(settings: Settings, rows: Sequence[Row]) -> dict[Figure, float | None]:
    """Query all figures of the running Nabız."""
    stored = _ask(settings, "/v1/status")["store"]["rows"]
    figures: dict[Figure, float | None] = {
        ("all", "", "stored events"): stored["events"],
        ("all", "", "dead letters"): stored["dead_letters"],
    }
    for window, (start, end) in windows(rows).items():
        for by in ("", "brand", "source") if window == "all" else ("",):
            span: dict[str, object] = {
                "from": start.isoformat(),
                "to": end.isoformat(),
                "by": by or [],
            }
            for kpi in _ask(settings, "/v1/kpis", span):
                if (
                    datetime.fromisoformat(kpi["window_start"]),
                    datetime.fromisoformat(kpi["window_end"]),
                ) != (start, end):
                    raise RuntimeError(f"asked for {span}, answered for another window: {kpi}")
                slice_ = "".join(f"{name}={value}" for name, value in kpi["slice"].items())
                figures[window, slice_, kpi["kpi"]] = kpi["value"]
                figures[window, slice_, f"{kpi['kpi']}/n"] = kpi["n"]
    return figures


def alerts_of(settings: Settings) -> list[dict[str, Any]]:
    """Return at most 10,000 alerts, without withdrawn ones."""
    alerts: list[dict[str, Any]] = _ask(settings, "/v1/alerts", {"limit": 10_000})
    return alerts


def differences(files: Files, settings: Settings) -> list[Difference]:
    """Return the figures that differ."""
    return list(_compare(files, settings))


def _compare(files: Files, settings: Settings) -> Iterator[Difference]:
    expected = figures_of_files(files, alerts_of(settings))
    figures = figures_of_nabiz(settings, files.rows)
    for figure, value in expected.items():
        if not _equal(value, figures.get(figure)):
            yield Difference(figure, value, figures.get(figure))
    known = {(window, slice_) for window, slice_, _ in expected}
    for window, slice_, name in figures:
        if (window, slice_) not in known:
            yield Difference((window, slice_, name), None, figures[window, slice_, name])


def _equal(value: float | None, other: float | None) -> bool:
    if value is None or other is None:
        return value is other
    return abs(value - other) <= 1e-9 * max(1.0, abs(value))


def _ask(settings: Settings, path: str, params: dict[str, object] | None = None) -> Any:
    return ask(settings, "GET", path, object, params=params or {}).value


def fingerprint(ids: Iterable[str]) -> str:
    """Return a short digest of a set of ids, to compare two runs by eye."""
    return hashlib.blake2b("\n".join(sorted(ids)).encode(), digest_size=6).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.reconcile",
        description="Compare a running Nabız with a count made from the files it was fed.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of a running `nabiz up`")
    parser.add_argument("files", type=Path, nargs="+", help="JSON lines, plain or gzip")
    options = parser.parse_args(arguments)
    settings, files, console = find(options.data), read_files(options.files), Console()
    different = differences(files, settings)
    ids = {alert["id"] for alert in alerts_of(settings)}
    console.print(
        f"{files.read:,} lines read: {len(files.rows):,} rows, {files.repeated:,} repeated, "
        f"{files.bad:,} of no use; {len(files.event_ids):,} events\n"
        f"{len(ids):,} alerts, fingerprint {fingerprint(ids)}",
        highlight=False,
    )
    if not different:
        console.print("all figures agree")
        return 0
    table = Table("window", "slice", "figure", "files", "Nabız", box=None)
    for difference in different:
        table.add_row(*difference.figure, str(difference.files), str(difference.nabiz))
    console.print(table)
    return 1


if __name__ == "__main__":
    sys.exit(main())
