"""What an event costs the pure functions, in figures that do not depend on the machine.

Seconds mean nothing in CI. Counted are function calls an event, which are the same in every run,
and CPU time as a multiple of a fixed loop's in the same process, which sees what happens inside C.
`cost.json` holds what is accepted: `python -m benchmarks.cost` writes it anew.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import FrameType

import msgspec

from pipeline.decode import decode_event, encode_event
from pipeline.detection.customer import Arrival, apply, decode_state, encode_state
from pipeline.detection.rules import RuleBook
from pipeline.privacy import redact_event
from pipeline.reading import Scored
from pipeline.settings import Settings
from pipeline.sources.simulate import live
from pipeline.store.rows import event_columns, minute_of
from pipeline.text.fast import FastEngine
from pipeline.text.reader import Reader

ACCEPTED = Path(__file__).parent / "cost.json"
EVENTS = 300
CUSTOMERS = 20
"""So few that a state holds some fifteen events, as it does where customers come back."""
ROUNDS = 7
CALLS_BOUND = 1.15
TIME_BOUND = 1.35
"""How much dearer than accepted a function may be: times differ between machines, calls do not."""
_WORDS = re.compile(r"\w+")

Work = Callable[[], object]


class Cost(msgspec.Struct, frozen=True):
    """Calls an event, and CPU time an event as a multiple of one pass of the fixed loop."""

    calls: float
    time: float

    def within(self, accepted: "Cost") -> bool:
        """Whether neither is over its bound."""
        return (
            self.calls <= CALLS_BOUND * accepted.calls and self.time <= TIME_BOUND * accepted.time
        )


def works() -> dict[str, Work]:
    """Return each function as work on the same `EVENTS` events."""
    start = datetime(2026, 1, 5, tzinfo=UTC)
    happened = [event for _, event in islice(live(4, start, 1.0, CUSTOMERS), EVENTS)]
    later = happened[-1].occurred_at
    raw = [(encode_event(event), event.customer_id.encode()) for event in happened]
    reader = Reader(FastEngine.load())
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
            scored, [minute_of(one.event) for one in scored], [0] * len(scored)
        ),
    }


def cost(work: Work) -> Cost:
    """Return what `work` costs an event."""
    work()  # caches
    ours = loop = float("inf")
    for _ in range(ROUNDS):
        loop = min(loop, _seconds(fixed_loop))
        ours = min(ours, _seconds(work))
    return Cost(calls=round(_calls(work) / EVENTS, 2), time=round(ours / EVENTS / loop, 5))


def fixed_loop() -> int:
    """Do what such code does: regular expressions, dictionaries, small objects, JSON."""
    total = 0
    for number in range(300):
        words = _WORDS.findall(f"kargo {number} hâlâ gelmedi ve kimse cevap vermiyor {number}")
        seen = {word: index for index, word in enumerate(words)}
        total += len(json.dumps(seen)) + sum(sorted(seen.values()))
    return total


def _seconds(work: Work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _calls(work: Work) -> int:
    count = 0

    def note(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def accepted() -> dict[str, Cost]:
    """Return what is accepted."""
    return msgspec.json.decode(ACCEPTED.read_bytes(), type=dict[str, Cost])


if __name__ == "__main__":
    found = {name: cost(work) for name, work in works().items()}
    ACCEPTED.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    print(ACCEPTED.read_text())  # noqa: T201
