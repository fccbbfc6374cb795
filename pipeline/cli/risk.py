"""Commands risk …: what became of the customers of whom Nabız warned, or did not."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli import show
from pipeline.cli.errors import UsageError
from pipeline.cli.options import moment
from pipeline.cli.target import JsonOption
from pipeline.common.plurals import counted
from pipeline.config.settings import load_settings
from pipeline.risk.warned import IN_TIME, MissedWarnings, leavers_of, missed_warnings
from pipeline.store import Store
from pipeline.store.open import open_store

app = typer.Typer(
    help="Which leavers were warned of, and how risk is fitted to them.", no_args_is_help=True
)

LOOKED_BACK = timedelta(days=90)
"""Window of the report if none is given."""
EVENTS = 1_000
"""Most events of a leaver that are read, the newest."""


@app.command()
def missed(
    start: Annotated[
        datetime | None,
        typer.Option("--from", parser=moment, metavar="TIME", help="Default: 90 days before."),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--to", parser=moment, metavar="TIME", help="Default: now."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show, of those who left, the share warned of at least 5 days before, and the others.

    The in-process store has one user: stop `nabiz up` first.
    """
    end = end or datetime.now(UTC)
    start = start or end - LOOKED_BACK
    if start >= end:
        raise UsageError("--from must be before --to")
    with closing(open_store(load_settings(), with_kpis=False)) as store:
        report = read_missed(store, start, end)
    if as_json:
        show.as_json(msgspec.json.encode(report))
    else:
        Console().print(_missed(report))


def read_missed(store: Store, start: datetime, end: datetime) -> MissedWarnings:
    """Return the report on the stored departures in `[start, end)`."""
    leavers = [
        leaver
        for customer_id in store.leavers(start, end)
        for leaver in leavers_of(
            store.timeline(customer_id, EVENTS)[::-1],
            store.alerts(customer_id=customer_id, limit=EVENTS),
            start,
            end,
        )
    ]
    return missed_warnings(leavers, start, end)


def _missed(report: MissedWarnings) -> RenderableType:
    if report.share is None:
        return Text("nobody left in this window")
    head = (
        f"{counted(report.left, 'customer')} left; warned of {IN_TIME.days} days before or more: "
        f"{report.warned:,}, {report.share:.1f}% [{report.ci_low:.1f}, {report.ci_high:.1f}]"
    )
    leads = Table("first warning before leaving", "customers", box=None, pad_edge=False)
    for name, number in report.leads.items():
        leads.add_row(name, f"{number:,}")
    table = Table(box=None, pad_edge=False)
    for column in ("left", "customer", "first warning", "last signs, newest first"):
        table.add_column(column, overflow="fold")
    for one in report.unwarned:
        signs = ", ".join(
            f"{show.clock(sign.at)} {sign.type} {sign.label}".rstrip() for sign in one.signs
        )
        table.add_row(
            show.clock(one.left_at),
            show.datum(one.customer_id),
            show.clock(one.warned_at) if one.warned_at else "–",
            show.datum(signs),
        )
    return Group(Text(head), "", leads, "", table)
