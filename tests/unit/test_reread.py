"""What was read in haste is read again: when there is time for it, and how."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from agents.reread import SpareTime, with_patience
from agents.runtime.messages import Message
from pipeline.contracts.topology import HURRIED, SCORED
from pipeline.model.dead_letter import Reason
from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.text.auto import AutoEngine
from pipeline.text.reader import Reader
from tests.unit.text.engines import Constant

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
READER = Reader(AutoEngine(Constant(0.4, 0.3, 0.3), Constant(0.1, 0.1, 0.8)))


def events(*texts: str) -> list[Event]:
    return [
        Event(f"e{i}", NOW, "c1", "chat", EventType.MESSAGE, text=text)
        for i, text in enumerate(texts)
    ]


def messages(values: Sequence[bytes]) -> list[Message]:
    return [Message(HURRIED, 0, i, b"c1", value, NOW, NOW) for i, value in enumerate(values)]


def test_a_text_is_read_as_if_there_had_been_time_from_the_beginning() -> None:
    some = events("olur", "idare eder")
    hurried, careful = (
        [Scored(one, reading, NOW) for one, reading in zip(some, readings, strict=True)]
        for readings in (READER.read_events(some, seconds=0), READER.read_events(some))
    )
    assert [one.reading.hurried for one in hurried if one.reading] == [True, True]
    again, dead = with_patience(messages([msgspec.json.encode(one) for one in hurried]), READER)
    found = [msgspec.json.decode(one.value, type=Scored) for one in again]
    assert (found, dead) == (careful, [])
    assert {(one.topic, one.key) for one in again} == {(SCORED, b"c1")}
    assert all(new.rank > old.rank for new, old in zip(found, hurried, strict=True))


def test_what_cannot_be_read_becomes_a_dead_letter_beside_its_neighbours() -> None:
    (one,) = events("olur")
    good = msgspec.json.encode(Scored(one, None, NOW))
    found, (letter,) = with_patience(messages([b"{", good]), READER)
    (again,) = found
    assert msgspec.json.decode(again.value, type=Scored).event.event_id == "e0"
    assert (letter.topic, letter.reason) == (HURRIED, Reason.NOT_JSON)


def test_what_a_newer_version_has_added_goes_on_as_it_came() -> None:
    (one,) = events("olur")
    sent = msgspec.json.decode(msgspec.json.encode(Scored(one, None, NOW)))
    sent["event"]["type"] = "loyalty.joined"
    sent["event"]["tier"] = {"name": "gold"}
    sent["weather"] = 1.0
    (again,), _ = with_patience(messages([msgspec.json.encode(sent)]), READER)
    passed_on = msgspec.json.decode(again.value)
    assert passed_on.pop("reading")["label"]
    sent.pop("reading")
    assert passed_on == sent


def test_there_is_time_while_nothing_fresh_is_read_and_the_last_had_not_waited() -> None:
    now = 100.0
    spare = SpareTime(0.5, clock=lambda: now)
    assert spare.is_there()
    with spare.taken(waited=0.1):
        assert not spare.is_there()
    assert spare.is_there()
    with spare.taken(waited=20):
        pass
    assert not spare.is_there()
    now += 0.5
    assert spare.is_there()
