"""Previews of stored deliveries for people: masked, and mapped again.

Nothing is looked up or remembered here, so results that depend on either are only named.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from pipeline.common.plain_text import one_line
from pipeline.connectors.binding import NOTHING
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping, MappingError
from pipeline.connectors.outcome import Draft, nothing_remembered
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.connectors.watch.shown import shown
from pipeline.ingest.privacy import redact, redact_event
from pipeline.model.dead_letter import Invalid
from pipeline.model.event import Event

Kind = Literal["refused", "unmapped", "ignored", "wanted", "erased", "missed"]
LONGEST = 500


class Remark(msgspec.Struct, frozen=True):
    """A result of mapping a part of a delivery, other than an event.

    `text` is a reason, an unmapped kind, or the address of a look-up; `sentence` and `place`, the
    file and line of the mapping, are those of a refusal.
    """

    kind: Kind
    text: str
    sentence: str = ""
    place: str = ""


class Preview(msgspec.Struct, frozen=True):
    """A delivery: its masked body, and the events and remarks of its mapping."""

    received_at: datetime
    payload: str
    events: tuple[Event, ...] = ()
    remarks: tuple[Remark, ...] = ()


def previewed(sealed: bytes, seal: Seal, book: ConnectionBook) -> Preview:
    """Map a delivery by the mapping in force. Raises Invalid if it cannot be opened."""
    delivery = seal.opened(sealed)
    connection = book.connections.get(delivery.connection)
    if connection is None:
        gone = Remark("refused", "unknown", "The connection is no longer set up.")
        return _unmapped(delivery, gone)
    try:
        mapping = book.mapping(connection)
    except MappingError as error:
        broken = Remark("refused", "mapping", error.reason, _place(error.file, error.line))
        return _unmapped(delivery, broken)
    payload = shown(delivery, mapping).decode("utf-8", "replace")
    draft = mapping.map(delivery, connection, nothing_remembered, NOTHING)
    events = tuple(map(redact_event, draft.events))
    return Preview(delivery.received_at, payload, events, tuple(_remarks(draft, mapping)))


def _unmapped(delivery: Delivery, why: Remark) -> Preview:
    payload = shown(delivery).decode("utf-8", "replace")
    return Preview(delivery.received_at, payload, (), (why,))


def _remarks(draft: Draft, mapping: Mapping) -> Iterator[Remark]:
    for refusal in draft.refused:
        yield _refusal(refusal, mapping, waits=bool(draft.missed))
    yield from (Remark("unmapped", redact(one_line(kind, LONGEST))) for kind in draft.unmapped)
    yield from (Remark("ignored", reason) for reason in draft.ignored)
    yield from (Remark("wanted", redact(request.url)) for request in draft.wanted)
    yield from (Remark("erased", customer) for customer in draft.erased)


def _refusal(refusal: Invalid, mapping: Mapping, *, waits: bool) -> Remark:
    place = _place(mapping.source.path, refusal.line) if refusal.line else ""
    kind: Kind = "missed" if waits else "refused"
    return Remark(kind, str(refusal.reason), redact(one_line(refusal.detail, LONGEST)), place)


def _place(file: Path, line: int) -> str:
    return f"{file.parent.name}/{file.name}:{line}"
