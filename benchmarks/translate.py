"""Measures translate: mappings against hand-written Python, the role, and delivery to event."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path
from random import Random

import msgspec

from agents.translate import outgoing
from benchmarks import delivered
from benchmarks.deliveries import Sent, connected
from benchmarks.machine import Machine
from benchmarks.measure import Crew, Figures, Spread, measure, spread
from benchmarks.messages import Ready, fill
from benchmarks.subjects import by_hand
from benchmarks.throughput import Compared, compared, ours, plain
from pipeline.config.groups import ROOT
from pipeline.connectors.binding import NOTHING
from pipeline.connectors.outcome import Draft, nothing_remembered
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.contracts.topology import RECEIVED
from pipeline.model.event import Event

KEY = "a-key-of-the-benchmark-that-is-long-enough"
COMMON = {
    "whatsapp": "text_signed",
    "zendesk": "comment_of_customer",
    "intercom": "replied",
    "shopify": "order_created_signed",
    "chatwoot": "incoming_signed",
    "telegram": "message",
    "twilio": "completed",
}
"""The fixture of each of seven systems that hand-written Python maps."""
TURNS, AT_ONCE = 15, 400
"""Rounds of mappings and Python, and deliveries per round."""
DELIVERIES = 100_000
"""Messages on the topic: enough for some commits of the fastest role."""


class BesidePython(msgspec.Struct, frozen=True):
    """CPU microseconds per delivery, from its bytes to messages of events.

    `ratio` is that of the mapping to hand-written Python in the same round.
    """

    system: str
    mapping_us: float
    by_hand_us: float
    ratio: Spread


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Measure the parts; the deliveries are the fixtures that need no requests."""
    file, sent = _deliveries(machine.folder / "connections")
    book = ConnectionBook(file, MappingBook(ROOT / "connectors"))
    common = [one for one in sent if one.name in COMMON.items()]
    beside = list(_beside_python(book, common))
    progress(f"mappings take {spread([one.ratio.median for one in beside]).median:.1f} × by hand")
    rounds, seconds = (1, 3.0) if quick else (3, 5.0)
    environment = {"NABIZ_CONNECTORS_FILE": str(file), "NABIZ_CONNECTORS_KEY": KEY}
    groups = {
        "seven systems": (common, (plain("translate"), ours("translate"))),
        "all mappings": (sent, (ours("translate"),)),
    }
    roles: dict[str, list[Compared]] = {}
    for group, (deliveries, subjects) in groups.items():
        machine.fresh_topics()
        fill(machine.bootstrap, islice(cycle(_messages(deliveries)), DELIVERIES))
        runs: dict[str, list[Figures]] = {one.name: [] for one in subjects}
        for number in range(rounds):
            for one in subjects:
                progress(f"{group}: {one.name}, round {number + 1} of {rounds}")
                runs[one.name].append(measure(Crew(machine, (one,), environment), seconds))
        roles[group] = list(compared(runs))
    return {
        "mappings": len(book.mappings.systems),
        "deliveries": len(sent),
        "beside_python": beside,
        "roles": roles,
        "delivered": delivered.run(machine, quick, progress),
    }


def _deliveries(folder: Path) -> tuple[Path, list[Sent]]:
    """Return a file of connections, and the fixtures without requests or waiting."""
    folder.mkdir()
    file, sent, _ = connected(folder, "http://127.0.0.1:9")
    book = ConnectionBook(file, MappingBook(ROOT / "connectors"))
    return file, [one for one in sent if _is_told(_draft(book, one))]


def _is_told(draft: Draft) -> bool:
    return not draft.wanted and not draft.missed


def _draft(book: ConnectionBook, one: Sent) -> Draft:
    connection = book.connections[one.connection]
    return book.mapping(connection).map(one.delivery, connection, nothing_remembered, NOTHING)


def _beside_python(book: ConnectionBook, common: Iterable[Sent]) -> Iterator[BesidePython]:
    """Yield the cost per delivery of each system. Raises RuntimeError if events differ."""
    for one in common:
        connection = book.connections[one.connection]

        def mapped(one: Sent = one) -> list[Event]:
            return _draft(book, one).events

        def by_hand_(one: Sent = one) -> list[Event]:
            return list(by_hand.events_of(one.delivery, book.connections[one.connection]))

        if mapped() != by_hand_():
            raise RuntimeError(f"{connection.system}: {mapped()} is not {by_hand_()}")
        turns = [(_cost_us(mapped), _cost_us(by_hand_)) for _ in range(TURNS)]
        yield BesidePython(
            connection.system,
            spread([ours for ours, _ in turns]).median,
            spread([theirs for _, theirs in turns]).median,
            spread([ours / theirs for ours, theirs in turns]),
        )


def _cost_us(events: Callable[[], list[Event]]) -> float:
    begun = time.process_time()
    for _ in range(AT_ONCE):
        for event in events():
            outgoing(event)
    return (time.process_time() - begun) / AT_ONCE * 1e6


def _messages(sent: list[Sent]) -> list[Ready]:
    """Return the messages of cx.received in random order."""
    seal = Seal([KEY])
    messages = [Ready(RECEIVED, one.connection.encode(), seal.sealed(one.delivery)) for one in sent]
    Random(16).shuffle(messages)
    return messages
