"""Reports crash tests: on the screen, as JSON, and as a page."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks import markdown
from benchmarks.chaos.run import Row
from benchmarks.chaos.scenarios import SCENARIOS
from pipeline.broker.distribution import KAFKA_VERSION

HEADER = (
    *("scenario", "seed", "faults", "events", "alerts", "cases", "dead letters"),
    *("duplicates dropped", "restarts", "seconds to drain", "result"),
)

PAGE = """\
# Crash tests
Kafka {kafka}, a ClickHouse server and the roles as processes of their own work on simulated events
whose truth is known, published at a steady rate: 1 message in 100 is one that nobody can
understand, 1 event in 100 comes twice, 2 in 100 come late. Among them are customers with a story:
a promise that is kept, broken or kept too late, an order that is cancelled, and what people then
do about it, in time, too late or not at all. Meanwhile servers and processes are stopped, killed
and starved. Afterwards the events, KPI minutes, alerts (open and closed, without those withdrawn),
cases, dead letters and the states of customers have to equal those of an undisturbed run, ids and
contents; and that run has to equal what was published: each event once, and one alert for each
promise that was not kept.

Cases are compared as `cx.cases` tells them last and as the store keeps them, after all deadlines of
60 days. Those of customers with a story are compared whole but for `revision` and `updated_at`: an
action may come before the deadline that it keeps, or after, and is one change or two. Of all other
customers each alert is compared with how far it is in its case: which alerts share a case depends
on the order in which they come ([architecture](architecture.md#what-order-of-arrival-can-change)).

```
make crash-tests                               # all; on Debian as root it installs what they need
python -m benchmarks.chaos --scenario kills --seed 17  # one row of the table
python -m benchmarks.chaos --short             # short forms; `make test` runs some of them
```
A seed decides the load, the victims, and at which progress of which role a fault comes; not
between which two instructions. Where a result is not equal, the folder with all logs stays and
the command that repeats it is printed.

{table}

*Cases*: those that are compared whole; none in rows from before `follow_up` took part.
*Duplicates dropped*: readings that came again, by a fault or with the load, and were not stored
again. *Restarts*: how often a worker ended by itself and was started again, as when the store
stays away. *Seconds to drain*: from the last message published to everything stored.
Run on {machine}, {dates}.

## What happens
{scenarios}
"""


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    return markdown.table(HEADER, map(_cells, rows))


def save(rows: Sequence[Row], folder: Path) -> None:
    """Write the rows to crash-tests.json and .md, keeping rows of other scenarios."""
    record = folder / "crash-tests.json"
    saved = msgspec.json.decode(record.read_bytes(), type=list[Row]) if record.exists() else []
    latest = {row.scenario: row for row in (*saved, *rows)}
    kept = [latest[name] for name in SCENARIOS if name in latest]
    record.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    (folder / "crash-tests.md").write_text(_page(kept))


def _page(rows: Sequence[Row]) -> str:
    dates = sorted({f"{row.at:%Y-%m-%d}" for row in rows})
    return PAGE.format(
        kafka=KAFKA_VERSION,
        table=table(rows),
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        dates=" and ".join(dates),
        scenarios="\n".join(f"- **{one.name}**: {one.what}." for one in SCENARIOS.values()),
    )


def _cells(row: Row) -> tuple[str, ...]:
    name = f"{row.scenario} (short)" if row.short else row.scenario
    if row.result == "skipped":
        return (
            name,
            str(row.seed),
            *("" for _ in HEADER[3:]),
            f"skipped: {row.problems[0]}",
        )
    return (
        name,
        str(row.seed),
        ", ".join(f"{count} × {fault}" for fault, count in sorted(row.faults.items())),
        *(_count(row, kind) for kind in ("events", "alerts", "cases", "dead letters")),
        str(row.duplicates),
        str(row.deaths),
        f"{row.drain_seconds:.0f}",
        row.result,
    )


def _count(row: Row, kind: str) -> str:
    """Return the number of rows of a kind; "" if the run compared none."""
    return f"{row.rows[kind]:,}" if kind in row.rows else ""
