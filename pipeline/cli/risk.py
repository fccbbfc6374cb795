"""Commands risk …: who left with and without a warning, and a model of risk fitted to that."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import msgspec
import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.calendar.calendar_file import load_calendars
from pipeline.cli import show
from pipeline.cli.errors import EXIT_NO, UsageError
from pipeline.cli.options import moment
from pipeline.cli.target import JsonOption
from pipeline.common.plurals import counted
from pipeline.config.groups import DetectSettings
from pipeline.config.settings import load_settings
from pipeline.detection.rules import RuleSet, load_rules
from pipeline.model.risk_model import RiskModel
from pipeline.risk.examples import CustomerMonth, customer_months, moments_of
from pipeline.risk.warned import IN_TIME, MissedWarnings, leavers_of, missed_warnings
from pipeline.store import Store
from pipeline.store.open import open_store

app = typer.Typer(
    help="Which leavers were warned of, and how risk is fitted to them.", no_args_is_help=True
)

Model = Annotated[
    Path, typer.Argument(metavar="FILE", help="Where the model is written, such as risk.yaml.")
]

LOOKED_BACK = timedelta(days=90)
"""Window of the report if none is given."""
EVENTS = 1_000
"""Most events of a leaver that are read, the newest."""


@app.command()
def fit(file: Model, as_json: JsonOption = False) -> None:
    """Fit a model to the stored history, so that risk is the probability of leaving in 30 days.

    It is checked on the last months, and written only if its probabilities hold there; else exit
    code 1. Needs the extra `risk`. The in-process store has one user: stop `nabiz up` first.
    """
    fitting, settings = _fitting(), load_settings()
    rules = load_rules(settings.detect.rules, load_calendars(settings.calendar.file))
    with closing(open_store(settings, with_kpis=False)) as store:
        months = read_months(store, rules, settings.detect)
    now = datetime.now(UTC)
    detect = settings.detect
    basis = fitting.Basis(now, rules.version, detect.half_life_days, detect.risk_threshold)
    try:
        model = fitting.fit(months, basis)
    except fitting.Unfit as reason:
        typer.echo(f"no model is written: {reason}", err=True)
        raise typer.Exit(EXIT_NO) from None
    _write(file, model)
    if as_json:
        show.as_json(msgspec.json.encode(model))
    else:
        Console().print(fitted(model, file))


def read_months(store: Store, rules: RuleSet, detect: DetectSettings) -> list[CustomerMonth]:
    """Return the customer-months of all stored history."""
    span = store.span()
    moments = moments_of(*span) if span else []
    return [
        month
        for history in store.histories()
        for month in customer_months(history, moments, rules, detect)
    ]


def _fitting() -> ModuleType:
    """Return the module of the fit. Raises UsageError without the extra `risk`."""
    try:
        return import_module("pipeline.risk.fit")
    except ModuleNotFoundError as lacking:
        raise UsageError(
            f"to fit a model needs {lacking.name}, which is not installed: "
            "pip install 'nabiz[risk]'"
        ) from None


def _write(file: Path, model: RiskModel) -> None:
    """Write the model, whole or not at all. Raises UsageError."""
    draft = file.with_name(f"{file.name}.new")
    try:
        draft.write_bytes(msgspec.yaml.encode(model))
        draft.replace(file)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written ({error.strerror}): name another file"
        ) from None


def fitted(model: RiskModel, file: Path) -> RenderableType:
    """Render what a model was fitted to, how it was checked, and how to use it."""
    check = model.check
    weights = Table("feature", "weight", box=None, pad_edge=False)
    for name, weight in sorted(model.weights.items(), key=lambda item: -item[1]):
        weights.add_row(show.datum(name), f"{weight:.2f}")
    bins = Table("probability", "left", "95%", "customer-months", box=None, pad_edge=False)
    for one in check.reliability:
        bins.add_row(
            f"{one.predicted:.1%}",
            f"{one.share:.1%}",
            f"[{one.ci_low:.1%}, {one.ci_high:.1%}]",
            f"{one.n:,}",
        )
    return Group(
        Text(
            f"fitted to {model.n:,} customer-months, in {model.left:,} of which a customer left;"
            f" checked on {check.n:,} later ones, {check.left:,}"
        ),
        Text(
            f"expected calibration error {check.calibration_error:.3f}; the highest tenth left"
            f" {check.lift:.1f} times as often as all [{check.lift_low:.1f}, {check.lift_high:.1f}]"
        ),
        "",
        weights,
        "",
        bins,
        "",
        Text(
            f"to put it in force: NABIZ_DETECT_RISK_MODEL={file} for detect and api, started anew"
        ),
    )


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
