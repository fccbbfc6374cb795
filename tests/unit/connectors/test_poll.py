"""Polls: what a source is asked, and that nothing is lost between two questions."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.connectors.connection import Connection
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.form import PollForm
from pipeline.connectors.language.mapping_file import MappingError, MappingSource
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.polls.poll import Poll, Question

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HEAD = "system: s\ntitle: {tr: s, en: s}\ntransports: [poll]\nthings: [{}]\n"
SHOP = Connection("shop", "s", {"seller": "7", "token": "t"})
PAGES = {
    "url": "https://api.example/{connection.seller}/questions",
    "query": {"from": "{since | unix_s}", "to": "{until | unix_s}", "page": "{page}"},
    "headers": {"Authorization": "Bearer {connection.token}", "X-None": "{connection.none}"},
    "items": "body.items[]",
    "time": "{item.at | epoch_s}",
    "page": 0,
    "next": "{body.next}",
    "overlap": "1h",
    "first": "2d",
}


def poll(**form: Any) -> Poll:
    source = MappingSource(Path("mapping.yaml"), HEAD.encode())
    return Poll(msgspec.convert({**PAGES, **form}, PollForm), Compiler(source), "$.polls.x")


def asked(poll: Poll, question: Question) -> dict[str, list[str]]:
    return parse_qs(urlsplit(poll.request(question, SHOP).url).query)


def test_the_first_question_looks_back_and_the_next_overlaps() -> None:
    one = poll()
    first = one.question(None, SHOP, None, NOON)
    assert (first.since, first.until, first.page) == (NOON - timedelta(days=2), NOON, 0)
    later = one.question(NOON, SHOP, None, NOON + timedelta(minutes=5))
    assert later.since == NOON - timedelta(hours=1)


def test_a_request_has_what_is_asked_for_and_what_the_connection_has() -> None:
    one = poll()
    request = one.request(one.question(NOON, SHOP, None, NOON), SHOP)
    assert request.url.startswith("https://api.example/7/questions?")
    assert asked(one, one.question(NOON, SHOP, None, NOON)) == {
        "from": [str(int((NOON - timedelta(hours=1)).timestamp()))],
        "to": [str(int(NOON.timestamp()))],
        "page": ["0"],
    }
    assert request.headers == (("Authorization", "Bearer t"),)


def test_pages_follow_by_what_the_source_calls_them_or_by_their_address() -> None:
    one = poll()
    question = one.question(NOON, SHOP, None, NOON)
    page = one.page(question, {"items": [{"at": 1}], "next": "n2"}, SHOP)
    assert page.next is not None
    assert asked(one, page.next)["page"] == ["n2"]
    linked = one.page(question, {"items": [{"at": 1}], "next": "https://api.example/p2"}, SHOP)
    assert linked.next is not None
    assert one.request(linked.next, SHOP).url == "https://api.example/p2"
    assert one.page(question, {"items": [{"at": 1}]}, SHOP).next is None
    assert one.page(question, {"items": [], "next": "n3"}, SHOP).next is None


def test_a_source_that_gives_the_newest_first_is_read_until_what_is_known() -> None:
    one = poll(newest_first=True)
    question = one.question(NOON, SHOP, None, NOON)
    new, old = int(NOON.timestamp()), int((NOON - timedelta(hours=2)).timestamp())
    assert one.page(question, {"items": [{"at": new}], "next": "2"}, SHOP).next is not None
    assert one.page(question, {"items": [{"at": new}, {"at": old}], "next": "2"}, SHOP).next is None


def test_no_question_spans_more_than_the_source_allows() -> None:
    one = poll(first="60d", longest="14d")
    question = one.question(None, SHOP, None, NOON)
    assert question.until - question.since == timedelta(days=14)
    assert question.until < NOON


def test_spans_go_on_to_now_whatever_is_in_them() -> None:
    one, cursor, seen = poll(first="60d", longest="14d", overlap="1d"), None, []
    while cursor is None or cursor < NOON:
        question = one.question(cursor, SHOP, None, NOON)
        assert question.until - question.since <= timedelta(days=14)
        seen.append(question)
        cursor = question.until
    assert len(seen) == 5
    assert all(later.since <= earlier.until for earlier, later in pairwise(seen))


def test_a_span_that_the_overlap_fills_is_refused() -> None:
    with pytest.raises(MappingError, match="more than `overlap`"):
        poll(longest="1h", overlap="1h")


def test_each_part_of_a_connection_is_asked_on_its_own() -> None:
    one = poll(each="connection.branches", url="https://api.example/{part}")
    shops = Connection("shop", "s", {"seller": "7", "branches": ["a", "b"]})
    first, second = one.parts(shops)
    question = one.question(NOON, shops, second, NOON)
    assert one.request(question, shops).url.startswith("https://api.example/b?")
    one_of_them = Connection("shop", "s", {"seller": "7", "branches": "a"})
    assert one.parts(one_of_them) == [first]


def test_a_connection_that_lacks_a_setting_of_the_address_is_not_asked() -> None:
    text = (
        HEAD
        + """
access: {scheme: basic, username: "{connection.user}", password: "{connection.password}"}
polls:
  x: {url: "https://api.example/{connection.seller}", items: body.items}
  y: {url: "https://api.example/all", items: body.items}
"""
    )
    mapping = Mapping(Path("mapping.yaml"), text.encode())
    assert mapping.polled(Connection("shop", "s", {"seller": "7"})) == []
    secrets = {"user": "u", "password": "p"}
    assert mapping.polled(Connection("shop", "s", secrets)) == [("y", None)]
    whole = Connection("shop", "s", {"seller": "7", **secrets})
    assert mapping.polled(whole) == [("x", None), ("y", None)]


def test_a_connection_says_how_often_it_is_asked() -> None:
    assert poll(every="2m").every(SHOP) == timedelta(minutes=2)
    often = Connection("shop", "s", {"poll_every": "30s"})
    assert poll(every="2m").every(often) == timedelta(seconds=30)


@pytest.mark.parametrize("body", [None, [], {"items": 7}, {"items": [None, 1, {"at": None}]}, "x"])
def test_an_answer_of_another_shape_ends_the_question(body: Any) -> None:
    one = poll()
    assert one.page(one.question(None, SHOP, None, NOON), body, SHOP).next is None


@given(
    st.lists(
        st.tuples(st.integers(0, 5_000), st.integers(0, 59)), min_size=1, max_size=40, unique=True
    ),
    st.integers(1, 7),
    st.integers(3, 30),
)
def test_nothing_is_lost_of_what_comes_within_the_overlap(
    entries: list[tuple[int, int]], size: int, every: int
) -> None:
    """An entry has a time (minutes from noon) and is visible some minutes later, less than 60."""
    one, cursor, seen = poll(next="{body.next | whole}"), None, set()
    for minute in range(0, 5_200, every):
        now = NOON + timedelta(minutes=minute)
        question: Question | None = one.question(cursor, SHOP, None, now)
        while question:
            inside = [
                at
                for at, delay in sorted(entries)
                if at + delay <= minute
                and question.since <= NOON + timedelta(minutes=at) <= question.until
            ]
            start = int(question.page) * size
            items = [
                {"id": at, "at": int((NOON + timedelta(minutes=at)).timestamp())}
                for at in inside[start : start + size]
            ]
            seen |= {item["id"] for item in items}
            answer = {"items": items, "next": question.page + 1}
            cursor = question.until
            question = one.page(question, answer, SHOP).next
    assert seen == {at for at, _ in entries}
