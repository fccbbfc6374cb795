"""Connections of a company as the board has them, with what came by them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from pipeline.connectors.connections import ConnectionBook
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.preview import previewed
from pipeline.connectors.sealing import Seal
from pipeline.connectors.traffic import Traffic
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


def speak(connections: Connections, name: str, times: Iterable[datetime], body: bytes) -> None:
    """Have the same delivery come at several times."""
    for at in times:
        deliver(connections, name, at, body)


def every(span: timedelta, begin: datetime, end: datetime) -> list[datetime]:
    """Return times of a rhythm."""
    return [begin + n * span for n in range(int((end - begin) / span))]
