"""The commands of `nabiz`, imported on use, and the handling of errors."""

import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from pipeline.cli.limits import raise_open_files
from pipeline.cli.streams import discard_output, prepare_streams
from pipeline.common.private_files import OTHERS

HELP = (
    "Listens to what customers do and say, keeps the KPIs of their experience true to the "
    "minute, and tells who needs a call now.\n\n"
    "Start with [bold]nabiz up[/bold]; then, in another terminal, [bold]nabiz kpis[/bold] "
    "and [bold]nabiz alerts[/bold]."
)
EPILOG = (
    "Exit codes: 0 done, 1 the answer is no, 2 a mistake in what was asked or set, "
    "3 Kafka, the store or the API does not answer."
)
STYLE: dict[str, Any] = {"rich_markup_mode": "rich"}


class Lazy(TyperCommand):
    """A command or group listed in the help by its summary and imported on use.

    All of them together take more than a second to import.
    """

    def __init__(self, panel: str, name: str, where: str, summary: str) -> None:
        super().__init__(name, help=summary, rich_help_panel=panel, **STYLE)
        self._where = where

    def load(self) -> Any:
        """Import the command."""
        module, _, attribute = self._where.partition(":")
        found = getattr(import_module(f"pipeline.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        app = typer.Typer(add_completion=False, **STYLE)
        app.command(self.name)(found)
        return typer.main.get_command(app)

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Parse the arguments with the real command, which is then invoked."""
        return self.load().make_context(info_name, args, parent, **extra)


RUN, FEED, ASK, OPERATE = "Run", "Feed", "Ask", "Operate"
COMMANDS: Sequence[Lazy] = [
    Lazy(
        RUN,
        "up",
        "up:up",
        "Start Kafka, store, roles and API on this machine; Ctrl-C stops them in order.",
    ),
    Lazy(
        RUN,
        "worker",
        "worker:worker",
        "Run one role against the configured Kafka and ClickHouse, until SIGTERM or Ctrl-C.",
    ),
    Lazy(
        FEED,
        "replay",
        "replay:replay",
        "Publish the events of files. Replaying a file twice counts nothing twice.",
    ),
    Lazy(
        FEED,
        "import",
        "import_files:import_files",
        "Publish the events in exported files. Importing a file twice counts nothing twice.",
    ),
    Lazy(FEED, "connectors", "connectors:app", "The systems that send to Nabız."),
    Lazy(
        FEED,
        "simulate",
        "simulate:simulate",
        "Simulate a company whose customers call, write, order, complain and answer surveys.",
    ),
    Lazy(
        FEED,
        "score",
        "score:score",
        "Read JSON lines with `text` (and `language` if known); print their readings in order.",
    ),
    Lazy(
        FEED,
        "explain",
        "explain:explain_text",
        "Show how a text is read, which words decide its label, and which rules it meets.",
    ),
    Lazy(
        ASK,
        "kpis",
        "ask:kpis",
        "Show the KPIs of a time window with n and 95% interval.",
    ),
    Lazy(
        ASK,
        "alerts",
        "ask:alerts",
        "Show alerts, newest first, with the sentence that caused each and what to do.",
    ),
    Lazy(
        ASK,
        "act",
        "act:act",
        "Record an action on an alert or a whole case; the board and channels show it at once.",
    ),
    Lazy(
        ASK,
        "cases",
        "act:cases",
        "Show the cases of customers, last changed first: what people work on.",
    ),
    Lazy(
        ASK,
        "follow-ups",
        "act:follow_ups",
        "Show the follow-up of each alert, last changed first.",
    ),
    Lazy(
        ASK,
        "customer",
        "ask:customer",
        "Show a customer: timeline over all channels, current risk with its reasons, alerts.",
    ),
    Lazy(ASK, "risk", "risk:app", "Which leavers were warned of, and how risk is fitted to them."),
    Lazy(
        OPERATE,
        "status",
        "ask:status",
        "Show lag, rate and last commit by role and partition; dead letters; store and broker.",
    ),
    Lazy(
        OPERATE,
        "doctor",
        "doctor:doctor",
        "Check broker, topics, roles, store, clocks, disk, rules, model, channels, logins.",
    ),
    Lazy(
        OPERATE,
        "drain",
        "drain:drain",
        "Wait until every role has caught up and its results are readable.",
    ),
    Lazy(
        OPERATE,
        "rescore",
        "rescore:rescore",
        "Read the stored texts of a time window again and recompute its KPIs.",
    ),
    Lazy(
        OPERATE,
        "dead-letters",
        "dead_letters:app",
        "List messages that could not be processed; retry them once the cause is fixed.",
    ),
    Lazy(OPERATE, "users", "users:app", "Who may log in to the API and the board."),
    Lazy(
        OPERATE,
        "audit",
        "audit:audit",
        "Show who viewed which customer and who did what, newest first.",
    ),
    Lazy(OPERATE, "topics", "ops:topics", "Topics on the configured Kafka."),
    Lazy(OPERATE, "store", "ops:store", "Tables in the configured ClickHouse."),
    Lazy(
        OPERATE,
        "config",
        "config:config",
        "Show every setting with its variable, effective value and purpose; secrets are masked.",
    ),
]
nabiz = TyperGroup(
    name="nabiz", commands=COMMANDS, help=HELP, epilog=EPILOG, no_args_is_help=True, **STYLE
)


def main() -> None:
    """Run the command; a known error prints its message and sets the exit code."""
    prepare_streams()
    raise_open_files()
    os.umask(OTHERS)  # what a command writes may hold what customers wrote
    for client in ("kafka", "clickhouse_driver"):
        logging.getLogger(client).setLevel(logging.CRITICAL)  # what matters is raised
    direct = (
        os.environ.get("no_proxy") or os.environ.get("NO_PROXY"),
        "127.0.0.1",
        "localhost",
        "::1",
    )
    os.environ["no_proxy"] = ",".join(filter(None, direct))  # what runs on this machine
    try:
        nabiz()
    except Exception as raised:
        from pipeline.cli.exit_codes import exit_code, for_people  # imports all that can fail

        error = for_people(raised)
        code = exit_code(error)
        if code is None:
            raise
        if isinstance(raised, OSError):
            discard_output()
        typer.echo(typer.style(f"nabiz: {error}", fg="red"), err=True)
        sys.exit(code)
