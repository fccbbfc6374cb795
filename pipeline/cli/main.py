"""Puts the commands together and turns errors into sentences and exit codes."""

import logging
import sys

import typer
from rich.console import Console

from pipeline.cli import ask, dead_letters, ops, replay, score, simulate, up, watch
from pipeline.cli.errors import EXIT_CODES, EXIT_INTERRUPTED

app = typer.Typer(
    name="nabiz",
    help=(
        "Listens to what customers do and say, keeps the KPIs of their experience true to the "
        "minute, and tells who needs a call now.\n\n"
        "Start with [bold]nabiz up[/bold]; then, in another terminal, [bold]nabiz kpis[/bold] "
        "and [bold]nabiz alerts[/bold]."
    ),
    epilog=(
        "Exit codes: 0 done, 1 the answer is no, 2 a mistake in what was asked or set, "
        "3 Kafka, the store or the API does not answer."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)
RUN, FEED, ASK, OPERATE = "Run", "Feed", "Ask", "Operate"

app.command("up", rich_help_panel=RUN)(up.up)
app.command("worker", rich_help_panel=RUN)(ops.worker)
app.command("replay", rich_help_panel=FEED)(replay.replay)
app.command("simulate", rich_help_panel=FEED)(simulate.simulate)
app.command("score", rich_help_panel=FEED)(score.score)
app.command("kpis", rich_help_panel=ASK)(ask.kpis)
app.command("alerts", rich_help_panel=ASK)(ask.alerts)
app.command("customer", rich_help_panel=ASK)(ask.customer)
app.command("status", rich_help_panel=OPERATE)(watch.status)
app.command("drain", rich_help_panel=OPERATE)(watch.drain)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel=OPERATE)
app.add_typer(ops.topics, name="topics", rich_help_panel=OPERATE)
app.add_typer(ops.store, name="store", rich_help_panel=OPERATE)
app.command("config", rich_help_panel=OPERATE)(ops.config)


def main() -> None:
    """Run the command; an error for people ends with its sentence and exit code."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters is raised
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.exit(0)
    except tuple(EXIT_CODES) as error:
        console = Console(stderr=True, style="red", soft_wrap=True)
        console.print(f"nabiz: {error}", markup=False, highlight=False)
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))
