"""Connections of a company as the board has them, with what came by them."""

import re
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from pipeline.config.groups import ROOT
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.book import MappingBook, read_fixture
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.connectors.watch.preview import previewed
from pipeline.connectors.watch.traffic import Traffic
from pipeline.contracts.topology import DEAD_LETTERS, RECEIVED
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.service.connections import Connections

SEAL = Seal(["k" * 32])
ZONE = ZoneInfo("Europe/Istanbul")


def connected(book: ConnectionBook, folder: Path) -> Connections:
    """Return the connections of a book, by which nothing has come yet."""
    traffic = Traffic()
    traffic.problem = None
    return Connections(book, traffic, folder, ZONE, lambda: SEAL)


def deliver(connections: Connections, name: str, at: datetime, *bodies: bytes) -> None:
    """Have deliveries come by a connection; what its mapping refuses is a dead letter."""
    for body in bodies:
        sealed = SEAL.sealed(Delivery(name, at, body))
        connections.traffic.take([(RECEIVED, sealed)])
        preview = previewed(sealed, SEAL, connections.book)
        for remark in preview.remarks:
            if remark.kind == "refused":
                letter = DeadLetter(
                    *(RECEIVED, 0, 1, Reason(remark.text), remark.sentence),
                    *(preview.payload.encode(), name.encode(), at),
                )
                connections.traffic.take([(DEAD_LETTERS, msgspec.json.encode(letter))])


def every(span: timedelta, begin: datetime, end: datetime) -> list[datetime]:
    """Return times of a rhythm."""
    return [begin + n * span for n in range(int((end - begin) / span))]


ENTRIES = """
public_url: https://nabiz.firma.com
pseudonym_key_file: key
connections:
  - {name: whatsapp, system: whatsapp, secret_file: key}
  - {name: instagram, system: instagram, secret_file: key}
  - {name: messenger, system: messenger, secret_file: key}
"""
OF_FIXTURES = re.compile(rb"17962848\d\d")
"""The time of things in fixtures, in seconds or the beginning of it in milliseconds."""


def example(folder: Path, now: datetime) -> Connections:
    """Return a company's connections: two that speak, with refusals, and one that fell silent."""
    (folder / "key").write_text("word")
    (folder / "key").chmod(0o600)
    (folder / "connections.yaml").write_text(ENTRIES)
    mappings = ROOT / "connectors"
    connections = connected(
        ConnectionBook(folder / "connections.yaml", MappingBook(mappings)), mappings
    )
    for name, last in (
        ("whatsapp", timedelta(minutes=4)),
        ("instagram", timedelta(minutes=11)),
        ("messenger", timedelta(hours=9)),
    ):
        fixtures = [read_fixture(path) for path in sorted(mappings.glob(f"{name}/fixtures/*"))]
        bodies = cycle(one.delivery(now).body for one in fixtures if one.body is not None)
        span = timedelta(minutes=17)
        for n in range(600, -1, -1):
            at = now - last - n * span
            written = OF_FIXTURES.sub(b"%d" % at.timestamp(), next(bodies))
            deliver(connections, name, at, written)
    return connections
