"""Command config: show effective settings, and check what they refer to."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli import show
from pipeline.cli.errors import UsageError
from pipeline.cli.parts import before_start
from pipeline.cli.target import DataOption, JsonOption, find
from pipeline.config.settings import Settings, variables


def config(
    check: Annotated[
        bool,
        typer.Option("--check", help="Also look at all that they name: files, Kafka, the store."),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every setting with its variable, effective value and purpose; secrets are masked.

    With --check, exit code 2 or 3 and a sentence where something is wrong.
    """
    settings = find(data)
    rows = list(_in_force(settings))
    if as_json:
        show.as_json(msgspec.json.encode({name: value for name, value, _ in rows}))
    else:
        table = Table(box=None, pad_edge=False)
        for name in ("variable", "value", "meaning"):
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*(show.datum(str(cell)) for cell in row))
        Console().print(table)
    if check:
        _check(settings)


def _in_force(settings: Settings) -> Iterator[tuple[str, object, str]]:
    values = settings.model_dump(mode="json")
    for name, description, _ in variables():
        group, _, field = name.removeprefix("NABIZ_").lower().partition("_")
        value = values[group]
        yield name, value[field] if isinstance(value, dict) else value, description


def _check(settings: Settings) -> None:
    """Report each check. Raises the first problem."""
    console = Console(stderr=True)
    for look in before_start(settings).values():
        for finding in look():
            if finding.state == "problem":
                raise UsageError(
                    f"{finding.check}: {finding.found} → {finding.advice}".removesuffix(" → ")
                )
            console.print(show.datum(f"{finding.check}: {finding.state}, {finding.found}"))
