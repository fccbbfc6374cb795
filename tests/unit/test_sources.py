"""Other people's formats become our events; a bad line never stops the good ones."""

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.encodings import utf8_lines
from pipeline.model.dead_letter import Reason
from pipeline.model.event import AuthorType, Event, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.sources.files import SOURCES, BadLine, read, rebase
from pipeline.sources.source import SourceError

COMPLAINT: dict[str, Any] = {
    "source": "sikayetvar",
    "id": "77",
    "occurred_at": "2025-12-31T23:59:00+03:00",
    "author": "a1",
    "brand": "Mavi Hat",
    "title": "Faturam iki kez çekildi",
    "text": "Faturam iki kez çekildi, kimse ilgilenmiyor.",
    "company_reply": "İnceliyoruz.",
    "resolved": True,
    "satisfaction": 4,
    "keywords": None,
    "views": 12,
    "upvotes": 0,
}
TWEET: dict[str, Any] = {
    "source": "twitter",
    "id": "t1",
    "occurred_at": "2015-02-16T23:36:00-08:00",
    "author": "a2",
    "brand": "Delta",
    "text": "late again",
    "retweets": 3,
}


def write(path: Path, *lines: dict[str, Any] | bytes) -> Path:
    path.write_bytes(
        b"".join(
            (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
            for line in lines
        )
    )
    return path


def events(path: Path, source: str) -> list[Event]:
    return [item for item in read(path, SOURCES[source]) if isinstance(item, Event)]


def test_a_complaint_and_its_sequel(tmp_path: Path) -> None:
    complaint, reply, resolved, csat = events(write(tmp_path / "f", COMPLAINT), "sikayetvar")
    at = datetime(2025, 12, 31, 20, 59, tzinfo=UTC)
    assert complaint == Event(
        event_id="77",
        occurred_at=at,
        customer_id="a1",
        channel="sikayetvar",
        type=EventType.COMPLAINT,
        title=COMPLAINT["title"],
        text=COMPLAINT["text"],
        ticket_id="77",
        brand="Mavi Hat",
        source="sikayetvar",
        attributes={"views": 12, "upvotes": 0},
    )
    assert (reply.event_id, reply.type, reply.author_type, reply.text) == (
        "77-reply",
        EventType.TICKET_REPLIED,
        AuthorType.AGENT,
        "İnceliyoruz.",
    )
    assert (resolved.event_id, resolved.type) == ("77-resolved", EventType.TICKET_RESOLVED)
    assert (csat.event_id, csat.type) == ("77-csat", EventType.SURVEY)
    assert csat.score == Score(Metric.CSAT, 4, 1, 5)
    assert {event.ticket_id for event in (reply, resolved, csat)} == {"77"}


def test_the_sequel_stays_in_the_minute_of_the_complaint_in_order(tmp_path: Path) -> None:
    times = [e.occurred_at for e in events(write(tmp_path / "f", COMPLAINT), "sikayetvar")]
    assert times == sorted(set(times))
    assert {time.replace(second=0) for time in times} == {times[0]}


def test_what_is_not_known_is_not_told(tmp_path: Path) -> None:
    bare = {**COMPLAINT, "company_reply": None, "resolved": None, "satisfaction": None}
    assert [e.event_id for e in events(write(tmp_path / "f", bare), "sikayetvar")] == ["77"]


def test_a_tweet_is_a_post_and_the_same_words_again_are_another(tmp_path: Path) -> None:
    first, second = events(write(tmp_path / "f", TWEET, {**TWEET, "id": "t2"}), "tweets")
    assert (first.type, first.channel, first.customer_id) == (EventType.POST, "twitter", "a2")
    assert first.attributes == {"retweets": 3}
    assert (first.event_id, second.event_id) == ("t1", "t2")


def test_bad_lines_are_reported_where_they_are_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = write(
        tmp_path / "f",
        COMPLAINT,
        b"",
        b"{broken",
        {**COMPLAINT, "id": "78", "satisfaction": 9},
        {**COMPLAINT, "id": "79", "occurred_at": "2025-12-31T23:59:00"},
        {**COMPLAINT, "id": "80", "satisfaction": None, "text": "x" * 20_001},
        {**COMPLAINT, "id": "81", "company_reply": None},
    )
    items = list(read(file, SOURCES["sikayetvar"]))
    assert [(item.line, item.reason) for item in items if isinstance(item, BadLine)] == [
        (3, Reason.NOT_JSON),
        (4, Reason.SCORE_OUT_OF_SCALE),
        (5, Reason.TIME_WITHOUT_OFFSET),
        (6, Reason.TEXT_TOO_LONG),
    ]
    assert [item.event_id for item in items if isinstance(item, Event)] == [
        *("77", "77-reply", "77-resolved", "77-csat"),
        *("81", "81-resolved", "81-csat"),
    ]
    broken = next(item for item in items if isinstance(item, BadLine))
    assert str(broken).startswith(f"{file}:3: not_json: ")
    assert broken.raw == b"{broken"


def test_gzip_is_read_whatever_the_file_is_called(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain", TWEET)
    packed = tmp_path / "packed.jsonl"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert events(packed, "tweets") == events(plain, "tweets")


ENVELOPES = (
    '{"event_id":"e1","occurred_at":"2025-01-01T00:00:00Z","customer_id":"ċ","channel":"chat",'
    '"type":"message","text":"çok kötü Ċ"}\n'
    '{"event_id":"e2","occurred_at":"2025-01-01T00:00:00Z","customer_id":"c","channel":"chat",'
    '"type":"message"}'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_are_the_same_however_a_program_saves_them(
    tmp_path: Path, encoding: str, end: str, pack: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "f"
    file.write_bytes(pack(ENVELOPES.replace("\n", end).encode(encoding)))
    first, second = read(file, SOURCES["events"])
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (first.event_id, first.customer_id, first.text) == ("e1", "ċ", "çok kötü Ċ")
    assert second.event_id == "e2"


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), max_size=5),
    st.sampled_from(["utf-8-sig", "utf-16", "utf-32"]),
)
def test_lines_of_any_text_are_cut_where_they_end(texts: list[str], encoding: str) -> None:
    file = io.BytesIO("".join(f"{text}\n" for text in texts).encode(encoding))
    assert [line.decode() for line in utf8_lines(file)] == [f"{text}\n" for text in texts]


def test_an_empty_file_has_no_events(tmp_path: Path) -> None:
    file = tmp_path / "f"
    for content in (b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n\r\n"):
        file.write_bytes(content)
        assert [list(read(file, SOURCES[source])) for source in SOURCES] == [[]] * len(SOURCES)


@pytest.mark.parametrize(
    ("source", "reason"), [("csv", "no workbook that can be read"), ("events", "not JSON lines")]
)
def test_an_archive_is_refused_in_words(tmp_path: Path, source: str, reason: str) -> None:
    book = tmp_path / "f.xlsx"
    book.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(SourceError, match=rf"f\.xlsx.*{reason}"):
        list(read(book, SOURCES[source]))


def test_our_own_envelope_is_taken_as_it_is(tmp_path: Path) -> None:
    file = write(
        tmp_path / "f",
        b'{"event_id":"e","occurred_at":"2025-01-01T00:00:00Z","customer_id":"c",'
        b'"channel":"store","type":"visit","segment":"premium"}\r',
    )
    assert [(e.type, e.segment) for e in events(file, "events")] == [(EventType.VISIT, "premium")]


def test_a_file_that_ends_early_is_an_error_that_names_it(tmp_path: Path) -> None:
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(json.dumps(TWEET).encode() * 1_000)[:-20])
    with pytest.raises(SourceError, match=r"cut\.gz"):
        list(read(cut, SOURCES["tweets"]))


@given(
    st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2030, 1, 1)), min_size=1, max_size=8),
    st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)),
)
def test_rebase_moves_the_newest_to_now_and_keeps_all_distances(
    times: list[datetime], now: datetime
) -> None:
    before = [
        Event(str(n), time.replace(tzinfo=UTC), "c", "web", EventType.VISIT)
        for n, time in enumerate(times)
    ]
    after = rebase(before, now.replace(tzinfo=UTC))
    assert max(event.occurred_at for event in after) == now.replace(tzinfo=UTC)
    shifts: set[timedelta] = {
        b.occurred_at - a.occurred_at for a, b in zip(before, after, strict=True)
    }
    assert len(shifts) == 1
