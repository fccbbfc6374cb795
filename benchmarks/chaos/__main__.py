"""usage: python -m benchmarks.chaos [--scenario NAME …] [--seed N] [--short] [--json | --save]"""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from benchmarks.chaos.report import save, table
from benchmarks.chaos.run import Bench, Row
from benchmarks.chaos.scenarios import SCENARIOS
from pipeline.common.logs import configure_logging
from pipeline.config.groups import ROOT


def main(
    scenario: Annotated[
        list[str] | None, typer.Option(help=f"one of {', '.join(SCENARIOS)}; may be repeated")
    ] = None,
    seed: Annotated[int, typer.Option(help="of the load and of the faults")] = 17,
    short: Annotated[bool, typer.Option("--short", help="fewer events and faults")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, not a table")] = False,
    save_page: Annotated[
        bool, typer.Option("--save", help="write the rows into docs/crash-tests.md and .json")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="where to run; a new temporary folder unless given")
    ] = None,
) -> None:
    """Break a running Nabız in many ways, and compare the outcome with an undisturbed run."""
    configure_logging("chaos")
    names = scenario or list(SCENARIOS)
    if unknown := [name for name in names if name not in SCENARIOS]:
        raise typer.BadParameter(f"no scenario {unknown[0]}: there are {', '.join(SCENARIOS)}")
    bench = Bench(folder or Path(tempfile.mkdtemp(prefix="nabiz-chaos-")), say=_say)
    rows = []
    for name in names:
        rows.append(bench.run(SCENARIOS[name], seed, short=short))
        _say(f"  {rows[-1].result}")
        if save_page:
            save(rows, ROOT / "docs")
        if rows[-1].result == "FAILED":
            _explain(bench, rows[-1])
    print(msgspec.json.encode(rows).decode() if as_json else table(rows))  # noqa: T201
    sys.exit(any(row.result == "FAILED" for row in rows))


def _explain(bench: Bench, row: Row) -> None:
    _say(f"{row.scenario} FAILED:")
    for problem in row.problems:
        _say(f"  {problem[:2_000]}")
    _say(f"  logs: {bench.folder_of(SCENARIOS[row.scenario], row.seed)}")
    short = " --short" if row.short else ""
    _say(f"  again: python -m benchmarks.chaos --scenario {row.scenario} --seed {row.seed}{short}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
