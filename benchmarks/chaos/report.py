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
    *("scenario", "seed", "faults", "events", "alerts", "dead letters"),
    *("duplicates dropped", "restarts", "seconds to drain", "result"),
)

PAGE = """\
# Crash tests
Kafka {kafka}, a ClickHouse server and the roles as processes of their own work on simulated events
whose truth is known, published at a steady rate: 1 message in 100 is one that nobody can
understand, 1 event in 100 comes twice, 2 in 100 come late. Meanwhile servers and processes are
stopped, killed and starved. Afterwards the events, KPI minutes, alerts (open and closed, without
those withdrawn), dead letters and the states of customers have to equal those of an undisturbed
run, ids and contents; and that run has to equal what was published.

```
make crash-tests                               # all; on Debian as root it installs what they need
python -m benchmarks.chaos --scenario kills --seed 17  # one row of the table
python -m benchmarks.chaos --short             # short forms; `make test` runs some of them
```
A seed decides the load, the victims, and at which progress of which role a fault comes; not
between which two instructions. Where a result is not equal, the folder with all logs stays and
the command that repeats it is printed.

{table}

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
        *(f"{row.rows.get(kind, 0):,}" for kind in ("events", "alerts", "dead letters")),
        str(row.duplicates),
        str(row.deaths),
        f"{row.drain_seconds:.0f}",
        row.result,
    )
