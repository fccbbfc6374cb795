"""Measures everything, or the named parts, and writes docs/benchmarks.md.

usage: python -m benchmarks [--quick] [PART...]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks import (
    chain,
    dashboards,
    inbox,
    profile,
    receive,
    scaling,
    store,
    throughput,
    translate,
    upkeep,
)
from benchmarks.clickhouse_18.server import ServerError
from benchmarks.host import described
from benchmarks.machine import Machine, running_machine
from benchmarks.page import write_page

RESULTS = Path(__file__).parent / "results"


class Part(Protocol):
    """A module that measures something."""

    def run(  # noqa: D102
        self, machine: Machine, quick: bool, progress: Callable[[str], None]
    ) -> dict[str, object]: ...


PARTS: dict[str, Part] = {
    "throughput": throughput,
    "chain": chain,
    "inbox": inbox,
    "receive": receive,
    "translate": translate,
    "scaling": scaling,
    "store": store,
    "dashboards": dashboards,
    "profile": profile,
    "upkeep": upkeep,
}


def main() -> None:
    """Run the parts, each on its own servers, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="shorter runs, rougher figures")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))} (there are {', '.join(PARTS)})")
    began = time.monotonic()

    def progress(part: str, line: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {part}: {line}", file=sys.stderr, flush=True)  # noqa: T201

    RESULTS.mkdir(exist_ok=True)
    for name in given.parts or PARTS:
        with (
            tempfile.TemporaryDirectory(
                prefix="nabiz-bench-", ignore_cleanup_errors=True
            ) as folder,
            running_machine(Path(folder)) as machine,
        ):
            figures = PARTS[name].run(machine, given.quick, partial(progress, name))
        content = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": described(),
            "quick": given.quick,
            **figures,
        }
        encoded = msgspec.json.format(msgspec.json.encode(content), indent=1)
        (RESULTS / f"{name}.json").write_bytes(encoded + b"\n")
    if all((RESULTS / f"{name}.json").exists() for name in PARTS):
        write_page(RESULTS, PARTS)


if __name__ == "__main__":
    try:
        main()
    except ServerError as lacking:
        sys.exit(str(lacking))
