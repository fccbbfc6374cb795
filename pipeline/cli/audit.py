"""Command audit: show the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli import show
from pipeline.cli.options import LimitOption, moment
from pipeline.cli.target import DataOption, JsonOption, ask, find
from pipeline.model.audit import AuditEntry


def audit(
    since: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="At or after, RFC 3339 with offset."),
    ] = None,
    by: Annotated[str, typer.Option(metavar="NAME", help="Of one user.")] = "",
    customer_id: Annotated[
        str, typer.Option("--customer", metavar="ID", help="About one customer.")
    ] = "",
    limit: LimitOption = 1_000,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who viewed which customer and who did what, newest first."""
    params: dict[str, object] = {"by": by, "customer_id": customer_id, "limit": limit}
    if since:
        params["since"] = since.isoformat()
    answer = ask(find(data), "GET", "/v1/audit", list[AuditEntry], params=params)
    show.rows(answer, _table, limit, json=as_json)


def _table(entries: Sequence[AuditEntry]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("when", "who", "role", "what", "status", "customer", "alert", "from"):
        table.add_column(name, overflow="fold")
    for entry in entries:
        cells = (entry.by, entry.role, entry.what, str(entry.status))
        about = (entry.customer_id or "", entry.alert_id or "", entry.address)
        table.add_row(show.clock(entry.at), *map(show.datum, (*cells, *about)))
    return table
