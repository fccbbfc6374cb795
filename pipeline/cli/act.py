"""Commands act, cases and follow-ups: record an action, show what people work on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import show
from pipeline.cli.options import CustomerOption, LimitOption, span
from pipeline.cli.show_work import case_table, follow_up_table
from pipeline.cli.target import Answer, DataOption, JsonOption, T, ask, find
from pipeline.follow_up.case import Case
from pipeline.follow_up.value import FollowUp, Stage
from pipeline.model.action import Action, ActionKind, Outcome

StageOption = Annotated[Stage | None, typer.Option(help="Only of this stage.")]


def act(
    alert_id: Annotated[str, typer.Argument(help="An alert or a case.", metavar="ALERT")],
    kind: Annotated[ActionKind, typer.Argument(help="What is done.", metavar="KIND")],
    to: Annotated[str | None, typer.Option(metavar="NAME", help="assign: to whom.")] = None,
    span_: Annotated[
        timedelta | None,
        typer.Option("--for", parser=span, metavar="SPAN", help="snooze: for 30m, 4h, 1d …"),
    ] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="resolve: what came of it.")] = None,
    note: Annotated[str, typer.Option(help="What others should know.")] = "",
    action: Annotated[
        str | None, typer.Option(metavar="ID", help="undo: the action to take back.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record an action on an alert or a whole case; the board and channels show it at once.

    KIND: acknowledge, assign, snooze, contact, resolve, inform, note or undo.

    Example: nabiz act ALERT resolve --outcome rescued --note "Refunded, she stays."
    """
    given = {
        "kind": kind,
        "assignee": to,
        "until": (datetime.now(UTC) + span_).isoformat() if span_ else None,
        "outcome": outcome,
        "note": note,
        "undoes": action,
    }
    done = ask(find(data), "POST", f"/v1/alerts/{alert_id}/actions", Action, json=given)
    if as_json:
        show.as_json(done.body)
        return
    action_id = done.value.action_id
    typer.echo(f"done; to take it back: nabiz act {alert_id} undo --action {action_id}")


def cases(
    stage: StageOption = None,
    customer_id: CustomerOption = None,
    limit: LimitOption = 1_000,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the cases of customers, last changed first: what people work on."""
    answer = _work(data, "/v1/cases", list[Case], stage, customer_id, limit)
    show.rows(answer, case_table, limit, json=as_json)


def follow_ups(
    stage: StageOption = None,
    customer_id: CustomerOption = None,
    limit: LimitOption = 1_000,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the follow-up of each alert, last changed first."""
    answer = _work(data, "/v1/follow-ups", list[FollowUp], stage, customer_id, limit)
    show.rows(answer, follow_up_table, limit, json=as_json)


def _work(
    data: Path | None,
    address: str,
    kind: type[T],
    stage: Stage | None,
    customer_id: str | None,
    limit: int,
) -> Answer[T]:
    given = {"limit": limit, "stage": stage, "customer_id": customer_id}
    params = {name: value for name, value in given.items() if value is not None}
    return ask(find(data), "GET", address, kind, params=params)
