"""Formats values for a terminal."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.cli.target import Answer
from pipeline.common.names import shown
from pipeline.common.plain_text import one_line
from pipeline.common.plurals import counted
from pipeline.kpi.definitions import KPIS, KpiValue
from pipeline.model.alert import Alert, weightiest_quote
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.event import Event
from pipeline.model.reading import Scored
from pipeline.service.views import RulesStatus, Status, StoreStatus

T = TypeVar("T")

SEVERITY_STYLE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}
UNIT_SIGN = {"percent": " %", "minutes": " min"}
LABEL_STYLE = {"negative": "red", "neutral": "dim", "positive": "green"}

_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, moves of the cursor (CSI)
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links
)


def datum(text: str, style: str = "") -> Text:
    """Format untrusted text as a cell: one line, no markup, no control characters."""
    return Text(one_line(_ESCAPE_SEQUENCE.sub("", text)), style)


def stacked(*parts: Text) -> Text:
    """Stack texts in a cell."""
    return Text("\n").join(parts)


def as_json(body: bytes) -> None:
    """Print JSON, indented on a terminal and as it is into a pipe."""
    text = msgspec.json.format(body, indent=2 if sys.stdout.isatty() else -1)
    sys.stdout.buffer.write(text + b"\n")
    sys.stdout.flush()  # here a reader that has gone, as `head`, ends the command without noise


def rows(
    answer: Answer[list[T]],
    table: Callable[[Sequence[T]], RenderableType],
    limit: int,
    *,
    json: bool,
) -> None:
    """Print a list of at most `limit` items, as JSON or as a table."""
    if json:
        as_json(answer.body)
    else:
        Console().print(table(answer.value))
    _limit_reached(answer.value, limit)


def _limit_reached(rows: Sequence[object], limit: int) -> None:
    """Warn on standard error that there may be more if the limit was reached."""
    if len(rows) == limit:
        sys.stderr.write(f"the newest {limit:,}; there may be more: --limit\n")


def kpi_table(values: Sequence[KpiValue]) -> RenderableType:
    """Tabulate KPIs by slice; `~` marks provisional values, `>` lower bounds."""
    if not values:
        return Text("no KPIs: no events in this window")
    first = values[0]
    title = f"{clock(first.window_start)} → {clock(first.window_end)}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    sliced = any(value.slice for value in values)
    for name in (["slice"] if sliced else []) + ["kpi"]:
        table.add_column(name)
    for name in ("value", "n", "customers", "95% interval"):
        table.add_column(name, justify="right")
    for value in values:
        slice_ = ", ".join(shown(*part, "en") if part[1] else "–" for part in value.slice.items())
        people = "" if value.customers is None else str(value.customers)
        cells = (value.kpi, number(value), str(value.n), people, interval(value))
        table.add_row(*([datum(slice_)] if sliced else []), *map(Text, cells))
    return table


def number(value: KpiValue) -> str:
    """Format a value: `–` if there is none, `~` in front if provisional, `>` if a lower bound."""
    if value.value is None:
        return "–"
    text = f"{value.value:,.1f}".removesuffix(".0") + UNIT_SIGN.get(KPIS[value.kpi].unit, "")
    if value.at_least:
        return f">{text}"
    return f"~{text}" if value.provisional else text


def interval(value: KpiValue) -> str:
    """Format the 95% interval: `–` where too few cases make none, empty where there is no value."""
    if value.ci_low is None:
        return "" if value.value is None or KPIS[value.kpi].unit == "count" else "–"
    high = "∞)" if value.ci_high is None else f"{value.ci_high:.1f}]"
    return f"[{value.ci_low:.1f}, {high}"


def alert_table(alerts: Sequence[Alert], *, with_playbook: bool = True) -> RenderableType:
    """Tabulate alerts: customer, cause, advice, quoted evidence."""
    if not alerts:
        return Text("no alerts")
    table = Table(box=None, pad_edge=False, leading=int(with_playbook))
    for name in ("opened", "severity", "customer"):
        table.add_column(name, overflow="fold")
    for name in ("what", "proof"):
        table.add_column(name, overflow="fold", ratio=1)
    for alert in alerts:
        severity = datum(alert.severity, SEVERITY_STYLE.get(alert.severity, ""))
        what = datum(alert.title)
        if ending := alert.why_ended("en"):
            what = stacked(what, datum(ending))
        elif with_playbook:
            what = stacked(what, datum(alert.playbook, "dim"))
        table.add_row(
            clock(alert.opened_at).replace(" ", "\n"),
            stacked(severity, Text(f"{risk(alert.risk, alert.calibrated)} {alert.state}", "dim")),
            datum(alert.customer_id),
            what,
            _quoted(alert),
        )
    return table


def _quoted(alert: Alert) -> Text:
    """Quote the alert's weightiest words, with the remark on them."""
    said, remark = datum(quote(alert), "italic"), alert.said_beside("en")
    return stacked(said, datum(remark, "dim")) if remark else said


def risk(value: float, calibrated: bool) -> str:
    """Format a risk: a probability as a percentage, a score as a number."""
    return f"{value:.0%}" if calibrated else f"score {value:.2f}"


def quote(alert: Alert) -> str:
    """Quote the sentence with the largest weight."""
    said = weightiest_quote(alert)
    return f"“{said}”" if said else "(the events have no text)"


def timeline(events: Iterable[Scored]) -> Table:
    """Render events from the oldest on, with label and text."""
    table = Table(box=None, pad_edge=False)
    for name in ("time", "channel", "type", "reading", "text"):
        table.add_column(name, overflow="fold")
    for scored in events:
        event, reading = scored.event, scored.reading
        answer = f"{event.score.metric} {event.score.value:g}" if event.score else ""
        texts = filter(None, (answer, event.title, event.text))
        table.add_row(
            clock(event.occurred_at),
            datum(shown("channel", event.channel, "en")),
            event.type.value if scored.counted else f"{event.type.value} (not counted)",
            Text(reading.label, LABEL_STYLE.get(reading.label, "")) if reading else "",
            datum(" – ".join(texts)),
        )
    return table


def dead_letter_table(letters: Sequence[DeadLetter]) -> RenderableType:
    """Tabulate dead letters: origin, reason, whether retried."""
    if not letters:
        return Text("no dead letters")
    table = Table(box=None, pad_edge=False)
    for name in ("message", "reason", "what is wrong", "retried"):
        table.add_column(name, overflow="fold")
    for letter in letters:
        retried = clock(letter.retried_at) if letter.retried_at else ""
        table.add_row(datum(letter.place), letter.reason.value, datum(letter.sentence), retried)
    return table


def status(state: Status) -> RenderableType:
    """Tabulate lag by role and partition, then dead letters, store and broker."""
    table = Table(box=None, pad_edge=False)
    for name in ("role", "topic", "partition", "lag", "lag s", "rate/s", "last commit"):
        table.add_column(name, justify="right" if name in ("lag", "lag s", "rate/s") else "left")
    for lag in state.partitions:
        table.add_row(
            datum(lag.role),
            datum(lag.topic),
            str(lag.partition),
            str(lag.lag_events),
            "?" if lag.lag_seconds is None else f"{lag.lag_seconds:.1f}",
            f"{lag.rate:.1f}",
            clock(lag.last_commit) if lag.last_commit else "–",
        )
    letters = ", ".join(f"{reason} {n}" for reason, n in state.store.dead_letters.items())
    rows = ", ".join(f"{kind.replace('_', ' ')} {n:,}" for kind, n in state.store.rows.items())
    return Group(
        table,
        "",
        Text("dead letters  ").append(datum(letters or "none")),
        Text("not known     ").append(datum(_unknown(state.store) or "none")),
        Text("store         ").append(
            datum(state.store.problem or f"ClickHouse {state.store.engine}: {rows}")
        ),
        Text("broker        ").append(
            datum(state.broker.problem or f"Kafka at {state.broker.bootstrap}")
        ),
        Text("rules         ").append(datum(_rules(state.rules))),
    )


def _unknown(state: StoreStatus) -> str:
    """Render the values of events that this version does not know."""
    return "; ".join(
        f"{one.field} {one.value} of {counted(one.events, 'event')}"
        + (f" (did you mean {one.meant}?)" if one.meant else "")
        for one in state.unknown
    )


def _rules(state: RulesStatus) -> str:
    """Render the rules in force and their problems."""
    wrong = [f"refused, the last good ones stay: {state.refused}"] if state.refused else []
    wrong += [f"{rule} fails on events: {problem}" for rule, problem in state.failed.items()]
    return "; ".join([f"{state.count}, version {state.version}", *wrong])


def event_line(event: Event) -> Text:
    """Format an event, whose personal data is masked, on a line."""
    score = f"{event.score.metric} {event.score.value:g}" if event.score else None
    when = f"{event.occurred_at:%Y-%m-%d %H:%M %z}"
    parts = (when, event.customer_id, event.channel, event.type, score, event.text)
    return datum("  ".join(filter(None, parts)))


def panel(title: str, body: RenderableType) -> Panel:
    """Frame content under a title."""
    return Panel(body, title=title, title_align="left", border_style="dim")


def clock(at: datetime) -> str:
    """Format a time in the local zone with its offset, as `--since` accepts it."""
    return at.astimezone().isoformat(" ", "seconds")
