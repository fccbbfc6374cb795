"""replay: what it publishes, what becomes of the rest, and how it ends."""

import json
from pathlib import Path
from typing import Self

import msgspec
import pytest

from pipeline.cli import publishing
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.event import Event
from tests.support.command_runs import Nabiz

GOOD = (
    '{"event_id":"%s","occurred_at":"2026-01-01T00:00:00Z","customer_id":"c","channel":"chat",'
    '"type":"message"}\n'
)


class Sent:
    """Stands in for the publisher; keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.letters: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def refuse(self, letter: DeadLetter) -> None:
        self.letters.append(msgspec.json.encode(letter))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent = Sent()
    monkeypatch.setattr(publishing, "Publisher", lambda *_: sent)
    return sent


@pytest.mark.parametrize(
    ("good", "bad", "code", "said"),
    [
        (0, 0, 0, "0 events published"),
        (1, 0, 0, "1 event published"),
        (2, 0, 0, "2 events published"),
        (0, 1, 1, "0 events published, 1 bad line is a dead letter"),
        (1, 2, 1, "1 event published, 2 bad lines are dead letters"),
    ],
)
def test_it_says_how_many_and_ends_with_no_where_lines_were_refused(
    nabiz: Nabiz, sent: Sent, good: int, bad: int, code: int, said: str
) -> None:
    lines = [GOOD % number for number in range(good)] + ["{broken\n"] * bad
    Path("events.jsonl").write_text("".join(lines))
    ran = nabiz("replay", "events.jsonl", "--source", "events")
    assert (ran.code, ran.err.splitlines()[-1]) == (code, said)
    assert (len(sent.events), len(sent.letters)) == (good, bad)


def test_a_table_is_read_in_the_zone_of_the_calendar(
    nabiz: Nabiz, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("calendar.yaml").write_text(
        "time_zone: Asia/Tokyo\nhours: [{start: '09:00', end: '18:00'}]\n"
    )
    monkeypatch.setenv("NABIZ_CALENDAR_FILE", "calendar.yaml")
    Path("t.csv").write_text("tarih;müşteri\n31.01.2026 14:05;m\n")
    assert nabiz("replay", "t.csv", "--source", "csv").code == 0
    assert [event.occurred_at.isoformat() for event in sent.events] == ["2026-01-31T14:05:00+09:00"]


def test_a_table_is_read_in_the_zone_of_the_board_unless_another_is_said(
    nabiz: Nabiz, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("board.yaml").write_text("time_zone: Asia/Tokyo\nsnooze: []\nvalue: {}\n")
    monkeypatch.setenv("NABIZ_BOARD_FILE", "board.yaml")
    Path("t.csv").write_text("tarih;müşteri\n31.01.2026 14:05;m\n31.02.2026 14:05;m\n")
    assert nabiz("replay", "t.csv", "--source", "csv").code == 1
    ran = nabiz("replay", "t.csv", "--source", "csv", "--zone", "UTC")
    assert [event.occurred_at.isoformat() for event in sent.events] == [
        "2026-01-31T14:05:00+09:00",
        "2026-01-31T14:05:00+00:00",
    ]
    assert "of UTC; columns: occurred_at (tarih), customer_id (müşteri)" in " ".join(
        ran.err.split()
    )
    letter = json.loads(sent.letters[0])
    assert (letter["topic"], letter["offset"]) == ("file:t.csv", 3)


def test_a_zone_that_there_is_not_is_a_mistake(nabiz: Nabiz, sent: Sent) -> None:
    Path("t.csv").touch()
    ran = nabiz("replay", "t.csv", "--source", "csv", "--zone", "Mars/Base")
    assert (ran.code, sent.events) == (2, [])
    assert "no such zone; say one like Europe/Istanbul" in ran.err
