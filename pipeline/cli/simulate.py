"""Command simulate: a simulated company, as JSON Lines or onto the topics."""

import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pipeline.broker.publish import Publisher
from pipeline.broker.security import cluster_of
from pipeline.cli.desk import run_desk
from pipeline.cli.options import moment
from pipeline.cli.target import DataOption, find
from pipeline.common.plurals import counted
from pipeline.config.groups import KafkaSettings
from pipeline.ingest.decode import encode_event
from pipeline.model.event import Event
from pipeline.sources import simulate as company

CONFIRM_EVERY, CONFIRMED_WITHIN = 1.0, 10.0
"""Seconds between two looks whether live events arrived, and that they may take to arrive."""


def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same events.")] = 1,
    customers: Annotated[int, typer.Option(min=1, help="Customers of the company.")] = 2_000,
    days: Annotated[float, typer.Option(min=0.01, help="Length of the span.")] = 7.0,
    start: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Start. Default: so that it ends now."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.01, help="Instead of a span: events a second from now on, without end."),
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many events.")] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Onto the topics instead of JSON lines.")
    ] = False,
    desk: Annotated[
        bool, typer.Option("--desk", help="Instead of events: invented people act on the alerts.")
    ] = False,
    truth: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Also write what is true of the span, as JSON lines."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Simulate a company whose customers call, write, order, complain and answer surveys.

    Two incidents strike: an outage and late deliveries. Texts are Turkish and English. The truth
    says of whom detection should have heard, by when, and of whom not.

    Examples: nabiz simulate --days 1 > day.jsonl; nabiz simulate --publish --rate 50
    """
    if desk:
        run_desk(find(data).kafka)
    if truth and rate:
        raise typer.BadParameter("A stream without end has no truth yet.", param_hint="--truth")
    now = datetime.now(UTC)
    start = start or now - timedelta(days=days)
    events: Iterable[Event]
    if rate:
        events = _as_it_happens(company.live(seed, now, rate, customers))
    elif truth:
        events, truths = company.simulate_with_truth(seed, start, customers, days)
        truth.write_bytes(msgspec.json.Encoder().encode_lines(truths))
    else:
        events = company.simulate(seed, start, customers, days)
    events = islice(events, count)
    if publish:
        _publish(events, find(data).kafka, live=rate is not None)
    else:
        for event in events:
            sys.stdout.buffer.write(encode_event(event) + b"\n")
            if rate:
                sys.stdout.flush()


def _as_it_happens(events: Iterable[tuple[datetime, Event]]) -> Iterator[Event]:
    for due, event in events:
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        yield event


def _publish(events: Iterable[Event], kafka: KafkaSettings, *, live: bool) -> None:
    """Publish events; `live` ones may never end, so confirmations are checked meanwhile."""
    published, looked_at = 0, -CONFIRM_EVERY
    with Publisher(*cluster_of(kafka)) as publisher:
        for event in events:
            publisher.publish(event)
            published += 1
            if live and time.monotonic() - looked_at >= CONFIRM_EVERY:
                publisher.flush(CONFIRMED_WITHIN)
                looked_at = time.monotonic()
    typer.echo(f"{counted(published, 'event')} published", err=True)
