"""The event types: one row each, from which the rest follows."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.board.localizer import Localizer
from pipeline.common.languages import texts
from pipeline.contracts.event_page import PAGE, with_table
from pipeline.model.event_types import GROUPS, NEUTRAL, TICKET_STEPS, EventType
from pipeline.store.sql import shared_parts


def localizer(language: str) -> Localizer:
    return Localizer(language, ZoneInfo("Europe/Istanbul"), datetime(2026, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize("type_", EventType)
def test_every_type_is_told_in_both_languages(type_: EventType) -> None:
    assert type_.names.keys() == {"tr", "en"}
    assert all(type_.names.values())
    assert type_.meaning
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", type_)


@pytest.mark.parametrize("language", ["tr", "en"])
def test_no_two_types_are_called_the_same(language: str) -> None:
    assert len({type_.names[language] for type_ in EventType}) == len(EventType)


def test_a_type_of_a_newer_version_has_no_traits_and_travels_on() -> None:
    walk = msgspec.json.decode(b'"walk"', type=EventType)
    assert walk.traits is NEUTRAL
    assert (walk.topic, walk.names) == ("cx.interactions", {})
    assert msgspec.json.encode(walk) == b'"walk"'
    assert not any(walk in types for types in GROUPS.values())
    assert localizer("tr").event(walk) == "walk"


def test_a_contact_is_what_a_person_is_asked_for_or_what_everybody_reads() -> None:
    assert GROUPS["contact"] - GROUPS["assisted"] == {EventType.POST}
    assert GROUPS["waits"] < GROUPS["assisted"] < GROUPS["contact"] < GROUPS["words"]


def test_the_wait_begins_before_it_ends_where_a_ticket_bears_one_time() -> None:
    phases = [GROUPS[name] for name in ("opens", "reopens", "replies", "closes")]
    ranks = [next(at for at, types in enumerate(phases) if step in types) for step in TICKET_STEPS]
    assert ranks == sorted(ranks)
    assert GROUPS["resolves"] <= GROUPS["closes"]


def test_sql_lists_the_types_of_a_group() -> None:
    assert shared_parts()["types.reopens"] == "'ticket.reopened'"
    assert shared_parts()["types.solves"] == "'self_service.resolved'"


def test_the_page_says_every_type_and_group() -> None:
    page = PAGE.read_text("utf-8")
    assert with_table(page) == page, "run: make generated"
    assert len(re.findall(r"^\| `[a-z_.]+` \| .* \| .*\|$", page, re.M)) >= len(EventType)
    assert all(f"\n| `{name}` | " in page for name in GROUPS)


def test_the_board_calls_a_type_by_its_name() -> None:
    assert localizer("tr").event(EventType.ACCOUNT_CLOSED) == "Hesap kapatıldı"
    assert localizer("en").event(EventType.SUBSCRIPTION_CANCELLED) == "Subscription cancelled"


def test_no_other_file_says_what_people_read_for_a_type() -> None:
    assert not [key for key in texts("pipeline.board", "en") if key.startswith("event.")]
