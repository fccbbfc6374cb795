"""What people read in a terminal: all of the data, and nothing in it that acts on the terminal."""

import io
import time
from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from pipeline.cli import show
from pipeline.cli.options import moment
from pipeline.cli.show_customer import customer
from pipeline.common.plain_text import one_line
from pipeline.detection.what_if import Calming, WhatIf, Without
from pipeline.kpi.definitions import KpiValue
from pipeline.model.alert import Contribution, Evidence
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.model.event import Event, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.service.views import (
    BrokerStatus,
    CustomerView,
    PartitionStatus,
    RulesStatus,
    Status,
    StoreStatus,
)
from tests.support.alerts import made_up

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOSTILE = {
    "a [/b] c": "a [/b] c",
    "[red]x": "[red]x",
    "[link=http://x]y": "[link=http://x]y",
    "\\[": "\\[",
    "\x1b[2Jgone": "gone",
    "\x9b31mred": "red",
    "a\x07\x08b": "a b",
}
"""Texts, and how they may be shown."""
alert = partial(made_up, "a-1", AT, customer_id="c-1")


def printed(shown: RenderableType, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(shown)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def evidence(event_id: str, quote: str) -> Evidence:
    return Evidence(event_id, quote, 0, len(quote))


def scored(**changes: object) -> Scored:
    event = Event("e-1", AT, "c-1", "chat", EventType.MESSAGE, text="hello")
    return Scored(msgspec.structs.replace(event, **changes), None, AT)


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Europe/Istanbul", "2026-03-01 12:00:00+03:00"), ("UTC", "2026-03-01 09:00:00+00:00")],
)
def test_a_time_says_its_zone_and_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, zone: str, said: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert show.clock(AT) == said
        assert moment(said) == AT
    finally:
        monkeypatch.undo()
        time.tzset()


def test_channels_and_touchpoints_have_names_and_unknown_ones_stay() -> None:
    timeline = printed(show.timeline([scored(channel="call"), scored(channel="bayi")]))
    assert "Phone" in timeline
    assert "bayi" in timeline
    of = {"channel": "email", "touchpoint": "teslimat", "brand": "call"}
    value = KpiValue("nps", of, 45.0, 1, 1.0, 2.0, AT, AT, "1")
    assert "E-mail, Delivery, call" in printed(show.kpi_table([value]))


def everything(text: str) -> list[RenderableType]:
    """Every view with `text` wherever a text of others may stand."""
    kpi = KpiValue("nps", {"brand": text}, 1.0, 1, 0.0, 2.0, AT, AT, "1")
    rung = alert(customer_id=text, title=text, playbook=text, evidence=(evidence("e", text),))
    event = scored(channel=text, text=text)
    letter = DeadLetter(text, 0, 1, Reason.NOT_JSON, text, b"", None, AT)
    partition = PartitionStatus(text, text, 0, 1, None, None, 1.0, None)
    reasons = (Contribution(text, 1.0, 1.0, ()),)
    calming = (Calming(text, {"en": text}, 0.1, (text,)),)
    answers = WhatIf(AT, 0.5, (Without(text, 0.2, (text,)),), calming)
    return [
        show.kpi_table([kpi]),
        show.alert_table([rung]),
        customer(CustomerView(text, 0.5, reasons, [event], [rung], what_if=answers)),
        show.dead_letter_table([letter]),
        show.status(
            Status(
                (partition,),
                StoreStatus(problem=text),
                BrokerStatus("k:1", problem=text),
                RulesStatus("v1", 1, text, {text: text}),
            )
        ),
    ]


@pytest.mark.parametrize(("text", "safe"), HOSTILE.items())
def test_a_text_is_shown_as_it_is_and_commands_nothing(text: str, safe: str) -> None:
    for shown in everything(text):
        assert safe in (out := printed(shown))
        assert out.replace("\n", "").isprintable()


@settings(max_examples=100)
@given(st.text())
def test_no_text_breaks_a_table_or_reaches_the_terminal_as_a_command(text: str) -> None:
    shown = show.datum(text).plain
    assert shown == one_line(shown)


def test_a_link_and_a_title_for_the_terminal_leave_only_their_text() -> None:
    link = "\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\"
    assert show.datum(f"\x1b]0;title\x07{link} \u202eand").plain == "text and"


@pytest.mark.parametrize("width", [80, 120])
def test_an_alert_says_what_to_do(width: int) -> None:
    words = printed(show.alert_table([alert()]), width).split()
    for said in ("high", "0.50", "open", "c-1", "Ayrılmak", "Call", "hour.", "asla!”"):
        assert said in words
    assert "hour." not in printed(show.alert_table([alert()], with_playbook=False), width)


def test_the_proof_is_what_weighs_most() -> None:
    quoted = (evidence("e-1", "slow"), evidence("e-2", "I leave"), evidence("e-3", "Thank you."))
    weights = (
        Contribution("low_score", 0.9, 0.5, ("e-0",)),
        Contribution("churn_intent", 0.8, 0.4, ("e-2",)),
        Contribution("complaint", 0.2, 0.1, ("e-1",)),
    )
    assert show.quote(alert(evidence=quoted, contributions=weights)) == "“I leave”"
    assert show.quote(alert(evidence=quoted)) == "“slow”"
    assert show.quote(alert(evidence=(evidence("e-0", ""),))) == "(the events have no text)"


def test_that_a_score_contradicts_the_words_stands_below_them() -> None:
    remark = {"tr": "3 puan verdi ama sözleri övüyor", "en": "Gave 3, yet the words praise"}
    assert "Gave 3, yet the words praise" in printed(show.alert_table([alert(remark=remark)]))


def test_a_customer_is_shown_with_what_the_risk_would_be() -> None:
    solved = {"tr": "Sorun çözüldü", "en": "Solved, and the customer is content"}
    answers = WhatIf(
        AT,
        0.82,
        (Without("churn_intent", 0.3, ("e-1",)), Without("payment_failed", 0.76, ("e-2",))),
        (Calming("solved_and_content", solved, 0.12, ("churn_intent",)),),
    )
    lines = printed(
        customer(CustomerView("c-1", 0.82, (), [], [alert()], what_if=answers))
    ).splitlines()
    assert [line.strip() for line in lines[1:4]] == [
        "without Wants to leave: 0.30",
        "without payment failed: 0.76",
        "after “Solved, and the customer is content”: 0.12, which ends Wants to leave",
    ]


def test_the_timeline_shows_the_score_and_the_comment() -> None:
    answer = scored(score=Score(Metric.NPS, 3, 0, 10), text="never again")
    assert "nps 3 – never again" in printed(show.timeline([answer]))
