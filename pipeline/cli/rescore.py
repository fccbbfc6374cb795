"""Command rescore: read stored texts again with another engine or version."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import product
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipeline.cli import show
from pipeline.cli.errors import UsageError
from pipeline.cli.options import moment
from pipeline.cli.score import EngineOption, engine_of
from pipeline.cli.target import JsonOption
from pipeline.common.plurals import counted
from pipeline.config.settings import load_settings
from pipeline.model.event import AuthorType
from pipeline.model.reading import LABELS, Scored
from pipeline.store import Store
from pipeline.store.open import open_store
from pipeline.text.reader import Reader

BATCH = 1_000
Moves = Counter[tuple[str, str]]
"""Number of texts whose label changed from the first to the second."""


class Summary(msgspec.Struct, frozen=True):
    """The result of a rescore. `moves` are "old→new"; sentiments are in points as in the KPI."""

    engine: str
    version: str
    texts: int
    changed: int
    moves: dict[str, int]
    net_sentiment_before: float | None
    net_sentiment_after: float | None
    shadow: bool


def rescore(
    start: Annotated[datetime, typer.Option("--from", parser=moment, metavar="TIME")],
    end: Annotated[datetime, typer.Option("--to", parser=moment, metavar="TIME")],
    engine: EngineOption = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Store the readings beside the others; compare.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the stored texts of a time window again and recompute its KPIs.

    It may be stopped and repeated, while `record` continues. Alerts and customers' risks do not
    change. The in-process store has one user: stop `nabiz up` first.
    """
    if start >= end:
        raise UsageError("--from must be before --to")
    settings = load_settings()
    opened = engine_of(settings.engine, engine)
    texts, customers = Moves(), Moves()
    with closing(open_store(settings, with_kpis=False)) as store, _progress() as progress:
        task = progress.add_task("reading", total=None)
        for before, after in read_again(store, Reader(opened), start, end):
            (store.shadow if shadow else store.restate)(after, datetime.now(UTC))
            texts += moves(before, after)
            customers += moves(_by_customers(before), _by_customers(after))
            progress.update(task, description=f"{counted(texts.total(), 'text')} read again")
    summary = Summary(
        opened.name,
        opened.version,
        texts.total(),
        sum(count for (old, new), count in texts.items() if old != new),
        {f"{old}→{new}": texts[old, new] for old, new in product(LABELS, LABELS)},
        net_sentiment(customers, 0),
        net_sentiment(customers, 1),
        shadow,
    )
    if as_json:
        show.as_json(msgspec.json.encode(summary))
    else:
        _print(summary, texts)


def read_again(
    store: Store, reader: Reader, start: datetime, end: datetime
) -> Iterator[tuple[Sequence[Scored], Sequence[Scored]]]:
    """Yield batches of events, as stored and with new readings."""
    last = None
    while before := store.texts_between(start, end, last, BATCH):
        readings = reader.read_events([scored.event for scored in before])
        yield (
            before,
            [
                msgspec.structs.replace(scored, reading=reading)
                for scored, reading in zip(before, readings, strict=True)
            ],
        )
        last = before[-1]


def moves(before: Sequence[Scored], after: Sequence[Scored]) -> Moves:
    """Count label changes."""
    return Moves(
        (old.reading.label, new.reading.label)
        for old, new in zip(before, after, strict=True)
        if old.reading and new.reading
    )


def net_sentiment(found: Moves, side: int) -> float | None:
    """Return net sentiment in points, before (0) or after (1); None without texts."""
    if not found:
        return None
    labels: Counter[str] = Counter()
    for pair, count in found.items():
        labels[pair[side]] += count
    return 100 * (labels["positive"] - labels["negative"]) / labels.total()


def _by_customers(events: Sequence[Scored]) -> list[Scored]:
    return [scored for scored in events if scored.event.author_type is AuthorType.CUSTOMER]


def _progress() -> Progress:
    return Progress(
        *(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _print(summary: Summary, found: Moves) -> None:
    what = "read beside" if summary.shadow else "restated"
    typer.echo(
        f"{counted(summary.texts, 'text')} {what} by {summary.engine} {summary.version};"
        f" {counted(summary.changed, 'other label')}"
    )
    if not summary.texts:
        return
    table = Table("was \\ is", *LABELS, box=None, pad_edge=False)
    for old in LABELS:
        table.add_row(old, *(f"{found[old, new]:,}" for new in LABELS))
    Console().print(table)
    before, after = summary.net_sentiment_before, summary.net_sentiment_after
    if before is not None and after is not None:
        typer.echo(f"net sentiment {before:+.1f} → {after:+.1f}")
