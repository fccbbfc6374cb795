"""Commands kpis, alerts, customer and status: query the running system."""

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli import show
from pipeline.cli.options import CustomerOption, LimitOption, moment, span
from pipeline.cli.show_customer import customer as shown_customer
from pipeline.cli.target import DataOption, JsonOption, ask, find
from pipeline.kpi.definitions import KpiValue
from pipeline.model.alert import Alert
from pipeline.service.views import CustomerView, Status


def kpis(
    start: Annotated[
        datetime | None,
        typer.Option("--from", parser=moment, metavar="TIME", help="Start, RFC 3339 with offset."),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--to", parser=moment, metavar="TIME", help="End, not included."),
    ] = None,
    window: Annotated[
        timedelta | None,
        typer.Option(parser=span, metavar="SPAN", help="Or the last 15m, 1h, 7d …"),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Leave out what happened later."),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            metavar="DIMENSIONS",
            help="Split by any of channel,touchpoint,segment,brand,source (crossed).",
        ),
    ] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the KPIs of a time window with n and 95% interval.

    Without times: the last hour. A value that may still change is marked provisional (~).

    Example: nabiz kpis --window 1d --by channel
    """
    given = {"from": start, "to": end, "as_of": as_of}
    params: dict[str, object] = {name: at.isoformat() for name, at in given.items() if at}
    if window:
        params["window_seconds"] = int(window.total_seconds())
    params["by"] = [name.strip() for name in by.split(",") if name.strip()]
    answer = ask(find(data), "GET", "/v1/kpis", list[KpiValue], params=params)
    if as_json:
        show.as_json(answer.body)
    else:
        Console().print(show.kpi_table(answer.value))


def alerts(
    since: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Opened at or after, RFC 3339."),
    ] = None,
    customer_id: CustomerOption = None,
    limit: LimitOption = 1_000,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show alerts, newest first, with the sentence that caused each and what to do."""
    params: dict[str, object] = {"limit": limit}
    if since:
        params["since"] = since.isoformat()
    if customer_id:
        params["customer_id"] = customer_id
    answer = ask(find(data), "GET", "/v1/alerts", list[Alert], params=params)
    show.rows(answer, show.alert_table, limit, json=as_json)


def customer(
    customer_id: Annotated[str, typer.Argument(metavar="ID")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a customer: timeline over all channels, current risk with its reasons, alerts."""
    params = {"customer_id": customer_id}
    answer = ask(find(data), "GET", "/v1/customer", CustomerView, params=params)
    if as_json:
        show.as_json(answer.body)
    else:
        Console().print(shown_customer(answer.value))


def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show lag, rate and last commit by role and partition; dead letters; store and broker."""
    answer = ask(find(data), "GET", "/v1/status", Status)
    if as_json:
        show.as_json(answer.body)
    else:
        Console().print(show.status(answer.value))
