"""Command dead-letters: show and retry messages that could not be processed."""

from typing import Annotated

import typer

from pipeline.cli import show
from pipeline.cli.options import LimitOption
from pipeline.cli.target import DataOption, JsonOption, ask, find
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.service.views import RetryResult

app = typer.Typer(
    help="List messages that could not be processed; retry them once the cause is fixed.",
    invoke_without_command=True,
)
ReasonOption = Annotated[
    Reason | None,
    typer.Option(metavar="REASON", help=f"Only those of one reason: {', '.join(Reason)}."),
]


@app.callback()
def list_letters(
    context: typer.Context,
    reason: ReasonOption = None,
    limit: LimitOption = 1_000,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show dead letters, newest first: origin, reason, and what to do."""
    if context.invoked_subcommand:
        return
    params = {"limit": limit} | ({"reason": reason.value} if reason else {})
    answer = ask(find(data), "GET", "/v1/dead-letters", list[DeadLetter], params=params)
    show.rows(answer, show.dead_letter_table, limit, json=as_json)


@app.command()
def retry(
    reason: ReasonOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Publish dead letters to their topics again; invalid ones return as new dead letters."""
    answer = ask(find(data), "POST", "/v1/dead-letters/retry", RetryResult, json={"reason": reason})
    if as_json:
        show.as_json(answer.body)
        return
    result = answer.value
    typer.echo(f"published again: {result.sent:,}, left as they are: {result.skipped:,}")
