"""Command connectors: manage the connected systems and their deliveries."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli import (
    connection_add,
    connection_list,
    connection_poll,
    connection_replay,
    connection_tail,
    show,
)
from pipeline.cli.errors import EXIT_NO
from pipeline.cli.target import JsonOption
from pipeline.config.settings import load_settings
from pipeline.connectors.trial_file import Bench, FileTrial

app = typer.Typer(help="The systems that send to Nabız.", no_args_is_help=True)

STYLES = {"events": "green", "ignore": "dim", "refuse": "red", "unreadable": "bold red"}
SHOWN = ("type", "customer_id", "channel", "text")
"""Fields of an event to show."""


app.command("list")(connection_list.list_connections)
app.command("check")(connection_list.check_connections)
app.command("add")(connection_add.add_connection)
app.command("tail")(connection_tail.tail_connection)
app.command("replay")(connection_replay.replay_connection)
app.command("poll")(connection_poll.poll_connection)


@app.command("test")
def try_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    folder: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of mappings. Default: NABIZ_CONNECTORS_FOLDER."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Try recorded deliveries: check the sender, and show the resulting events.

    Nothing is sent and no server is needed. Exit code 1 if a file cannot be read, or if a result
    differs from its `expect`.
    """
    bench = Bench(folder or load_settings().connectors.folder)
    now = datetime.now(UTC)
    trials = []
    for file in files:
        trials.append(trial := bench.tried(file, now))
        if as_json:
            sys.stdout.buffer.write(msgspec.json.encode(trial) + b"\n")
            sys.stdout.flush()
    if not as_json:
        Console().print(table(trials))
    if not all(trial.is_right for trial in trials):
        raise typer.Exit(EXIT_NO)


def table(trials: list[FileTrial]) -> Table:
    """Tabulate the outcomes of deliveries, with the differences from the expected ones."""
    shown = Table.grid(padding=(0, 2))
    for trial in trials:
        outcome = Text(trial.outcome, STYLES.get(trial.outcome, ""))
        lines = [show.datum(trial.file, "bold"), *_lines(trial)]
        shown.add_row(outcome, str(trial.status or ""), Text("\n").join(lines))
    return shown


def _lines(trial: FileTrial) -> Iterator[Text]:
    for event in trial.events:
        yield show.datum("  ".join(str(event[name]) for name in SHOWN if event.get(name)))
    if told := ": ".join(filter(None, (trial.reason, trial.detail))):
        yield show.datum(told, "dim")
    if trial.answer:
        yield show.datum(str(trial.answer.get("body", "")))
    for problem in trial.problems:
        yield show.datum(f"not as expected: {problem}", "red")
