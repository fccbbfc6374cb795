"""Measures the cost of an event in the pure functions, independent of the machine.

Times are meaningless in CI, and their ratios differ between processors. So function calls (those in
C included) and executed lines (which cover loops without calls) are counted; both are the same in
every run. `cost.json` holds the accepted costs; `python -m benchmarks.cost` rewrites it.
"""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from pipeline.config.settings import Settings
from pipeline.detection.customer import Arrival, apply, decode_state, encode_state
from pipeline.detection.rules import RuleBook
from pipeline.ingest.decode import decode_event, encode_event
from pipeline.ingest.privacy import redact_event
from pipeline.model.reading import Scored
from pipeline.sources.simulate import live
from pipeline.store.rows import event_columns, minute_of
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader

ACCEPTED = Path(__file__).parent / "cost.json"
EVENTS = 300
CUSTOMERS = 20
"""Customers: few, so that a state holds some fifteen events, as of returning customers."""
CALLS_BOUND = 1.15
LINES_BOUND = 1.35
"""Tolerated ratio to the accepted number of lines: versions of Python count differently, lines more
than calls."""

Work = Callable[[], object]


class Cost(msgspec.Struct, frozen=True):
    """Function calls and executed lines of Python per event."""

    calls: float
    lines: float

    def over(self, accepted: "Cost") -> list[str]:
        """Return the figures that exceed their bound."""
        bounds = {"calls": CALLS_BOUND * accepted.calls, "lines": LINES_BOUND * accepted.lines}
        return [name for name, bound in bounds.items() if getattr(self, name) > bound]


def works() -> dict[str, Work]:
    """Return the functions by name, as work on the same `EVENTS` events."""
    start = datetime(2026, 1, 5, tzinfo=UTC)
    happened = [event for _, event in islice(live(4, start, 1.0, CUSTOMERS), EVENTS)]
    later = happened[-1].occurred_at
    raw = [(encode_event(event), event.customer_id.encode()) for event in happened]
    reader = Reader(load_engine("fast"))
    texts = [(event.text, event.language) for event in happened if event.text]
    readings = reader.read_events(happened)
    scored = [Scored(e, said, e.occurred_at) for e, said in zip(happened, readings, strict=True)]
    settings = Settings().detect
    rules = RuleBook(settings.rules).rules
    arrivals = [Arrival(one, 0, offset) for offset, one in enumerate(scored)]

    def detect() -> None:
        states: dict[str, bytes] = {}
        for arrival in arrivals:
            customer = arrival.scored.event.customer_id
            before = decode_state(states[customer]) if customer in states else None
            states[customer] = encode_state(apply(before, [arrival], rules, settings)[0])

    return {
        "decode and redact": lambda: [
            redact_event(decode_event(value, key, now=later)) for value, key in raw
        ],
        "read": lambda: reader.read([text for text, _ in texts], [lang for _, lang in texts]),
        "apply, with the state's bytes": detect,
        "columns of the store": lambda: event_columns(
            scored, [minute_of(one.event) for one in scored]
        ),
    }


def cost(work: Work) -> Cost:
    """Return the cost of `work` per event."""
    work()  # fills caches
    seen: Counter[str] = Counter()

    def note_call(_: FrameType, event: str, __: object) -> None:
        seen[event] += 1

    def note_line(_: FrameType, event: str, __: object) -> Any:
        seen["lines"] += event == "line"
        return note_line

    before = sys.gettrace()  # the tracer of coverage, if any
    sys.settrace(note_line)
    sys.setprofile(note_call)
    try:
        work()
    finally:
        sys.setprofile(None)
        sys.settrace(before)
    calls = seen["call"] + seen["c_call"]
    return Cost(calls=round(calls / EVENTS, 2), lines=round(seen["lines"] / EVENTS, 2))


def accepted() -> dict[str, Cost]:
    """Return the accepted costs."""
    return msgspec.json.decode(ACCEPTED.read_bytes(), type=dict[str, Cost])


if __name__ == "__main__":
    found = {name: cost(work) for name, work in works().items()}
    ACCEPTED.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    print(ACCEPTED.read_text())  # noqa: T201
