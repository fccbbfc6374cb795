"""What a message says."""

from datetime import datetime

import pytest

from pipeline.common.languages import Language
from pipeline.follow_up.value import FollowUp
from pipeline.model.alert import Alert
from pipeline.notify.due import Delivery, deliveries, with_failure
from pipeline.notify.fold import fold
from pipeline.notify.messages import LISTED, render, render_digest
from pipeline.notify.routes import RoutingTable
from pipeline.notify.thread import NotificationState, Thread
from tests.support.notify_cases import (
    ALERT_ID,
    MONDAY_NIGHT,
    MONDAY_NOON,
    Published,
    alert,
    follow_up,
)


def case_of(ours: RoutingTable, *changes: Alert | FollowUp, at: datetime = MONDAY_NOON) -> Thread:
    (thread,) = fold(NotificationState(), Published()(*changes), ours, at).threads
    return thread


def first(ours: RoutingTable, case: Thread) -> Delivery:
    return deliveries(case, ours, ("chat",))[0]


def test_a_message_says_who_what_why_and_what_to_do_in_both_languages(ours: RoutingTable) -> None:
    case = case_of(ours, alert(brand="Acme", channel="chat"))
    english = render(case, first(ours, case), "en", "http://board")
    assert english.title == "[high] Wants to leave"
    assert english.body.splitlines() == [
        "Customer: m-1",
        "Where: Acme · chat",
        "In the customer’s words: “Bir daha asla!”",
        "Risk score: 50",
        "What to do: Call within the hour.",
        f"http://board/alerts/{ALERT_ID}",
    ]
    turkish = render(case, first(ours, case), "tr", "http://board")
    assert turkish.title == "[yüksek] Ayrılmak istiyor"
    assert "Söylenen: “Bir daha asla!”" in turkish.body
    assert english.id == turkish.id


@pytest.mark.parametrize("quote", ["Yaşamak istemiyorum artık", "Kocam beni dövüyor"])
def test_no_other_alert_quotes_what_tells_of_a_danger_either(
    ours: RoutingTable, quote: str
) -> None:
    case = case_of(ours, alert(quote=quote))
    message = render(case, first(ours, case), "en", "http://board")
    assert quote not in message.body
    assert "Risk score: 50" in message.body


@pytest.mark.parametrize("language", ["tr", "en"])
def test_a_message_quotes_nothing_of_a_customer_in_danger(
    ours: RoutingTable, language: Language
) -> None:
    case = case_of(ours, alert(in_danger=True, quote="Yaşamak istemiyorum"))
    message = render(case, first(ours, case), language, "http://board")
    assert "istemiyorum" not in message.title + message.body
    assert "isk: " not in message.body  # of losing them: not what matters now
    assert "Call within the hour." in message.body


@pytest.mark.parametrize(
    ("calibrated", "english", "turkish"),
    [
        (False, "Risk score: 50", "Risk puanı: 50"),
        (
            True,
            "Probability of leaving within 30 days: 50 %",
            "Ayrılma olasılığı, 30 gün içinde: %50",
        ),
    ],
)
def test_a_risk_is_told_as_a_probability_where_it_is_one(
    ours: RoutingTable, calibrated: bool, english: str, turkish: str
) -> None:
    case = case_of(ours, alert(calibrated=calibrated))
    assert english in render(case, first(ours, case), "en", "http://board").body.splitlines()
    assert turkish in render(case, first(ours, case), "tr", "http://board").body.splitlines()


def test_a_quote_with_braces_and_of_any_length_stays_text_and_short(ours: RoutingTable) -> None:
    case = case_of(ours, alert(quote="{title} " * 100))
    message = render(case, first(ours, case), "en", "http://board")
    assert "{title} {title}" in message.body
    assert len(message.body) < 600


@pytest.mark.parametrize(
    ("changes", "english", "turkish"),
    [
        ([alert(2, state="resolved")], "Ended by itself", "Kendiliğinden kapandı"),
        ([alert(2, state="withdrawn")], "Withdrawn", "Geri çekildi"),
        ([follow_up(2, stage="resolved", end="by_person")], "Resolved", "Çözüldü"),
        ([follow_up(2, stage="expired", end="nobody_came")], "Nobody came", "Kimse ilgilenmedi"),
        ([follow_up(2, stage="expired", end="unfinished")], "Left unfinished", "Yarım kaldı"),
        ([follow_up(2, stage="resolved", outcome="lost")], "Resolved", "Çözüldü"),
        (
            [follow_up(2, stage="resolved", end="by_person"), alert(2, state="withdrawn")],
            *("Resolved", "Çözüldü"),  # as the board has it
        ),
    ],
)
def test_each_end_reads_otherwise(
    ours: RoutingTable, changes: list[Alert | FollowUp], english: str, turkish: str
) -> None:
    case = case_of(ours, alert(), *changes)
    assert case.ended
    last = first(ours, case_of(ours, alert()))._replace(kind=case.ended)
    assert render(case, last, "en", "b").title == f"{english}: Wants to leave"
    assert render(case, last, "tr", "b").title == f"{turkish}: Ayrılmak istiyor"


def test_the_last_message_says_why_and_that_of_one_that_came_back_says_so(
    ours: RoutingTable,
) -> None:
    ending = {"tr": "Kesinti bitti", "en": "The outage is over"}
    case = case_of(ours, alert(), alert(2, state="resolved", ending=ending))
    last = first(ours, case_of(ours, alert()))._replace(kind="resolved")
    assert "Why it ended: The outage is over" in render(case, last, "en", "b").body.splitlines()
    assert "Neden kapandı: Kesinti bitti" in render(case, last, "tr", "b").body.splitlines()
    again = case_of(ours, alert(), follow_up(2, reopened_at=MONDAY_NOON))
    body = render(again, first(ours, again), "en", "b").body
    assert "It was resolved; new evidence reopened it." in body.splitlines()


def test_a_message_says_that_a_score_contradicts_the_words(ours: RoutingTable) -> None:
    remark = {"tr": "3 puan verdi ama sözleri övüyor", "en": "Gave 3, yet the words praise"}
    case = case_of(ours, alert(remark=remark))
    for language, words in (("tr", remark["tr"]), ("en", remark["en"])):
        message = render(case, first(ours, case), language, "b")  # type: ignore[arg-type]
        assert f"{words}." in message.body.splitlines()


def test_a_message_about_what_is_in_hand_says_that_its_cause_has_ended_and_why(
    ours: RoutingTable,
) -> None:
    ending = {"tr": "Kesinti bitti", "en": "The outage is over"}
    closed = alert(2, state="resolved", ending=ending)
    in_hand = follow_up(2, stage="contacted", owner="ayşe", cause_ended_at=MONDAY_NOON)
    case = case_of(ours, alert(), closed, in_hand)
    update = first(ours, case_of(ours, alert()))._replace(kind="updated")
    english, turkish = (render(case, update, language, "b") for language in ("en", "tr"))
    assert english.title == "The cause has ended; ayşe has it in hand: Wants to leave"
    assert turkish.title == "Nedeni ortadan kalktı, ayşe ilgileniyor: Ayrılmak istiyor"
    assert "Why it ended: The outage is over" in english.body.splitlines()
    assert not english.ended
    assert english.title in render_digest([(case, update)], "en", "b").body


def test_a_digest_lists_the_worst_first_and_counts_the_rest(ours: RoutingTable) -> None:
    held = []
    for number in range(LISTED + 5):
        severity = "high" if number == LISTED else "low"
        id_ = f"6f1d0b5a-0000-4000-8000-{number:012}"
        case = case_of(
            ours,
            alert(id=id_, severity=severity, customer_id=f"m-{number}", at=MONDAY_NIGHT),
            at=MONDAY_NIGHT,
        )
        held.append((case, first(ours, case)))
    message = render_digest(held, "en", "http://board")
    lines = message.body.splitlines()
    assert message.title == "Cases from the quiet hours: 25"
    assert lines[0].startswith(f"• [high] Wants to leave (m-{LISTED})")
    assert lines[-1] == "… and 5 more"
    assert render_digest(held[::-1], "en", "http://board").id == message.id


def test_what_a_channel_has_refused_comes_again_as_headline_and_link_alone(
    ours: RoutingTable,
) -> None:
    case = case_of(ours, alert(brand="Acme"))
    refused = with_failure(case, "chat", case, MONDAY_NOON, refused=True)
    message = render(refused, first(ours, case), "en", "http://board")
    assert message.title == "[high] Wants to leave"
    assert message.body == f"http://board/alerts/{ALERT_ID}"
    changed = case_of(ours, alert(2, brand="Acme", severity="critical"))
    assert "Bir daha asla!" in render(changed, first(ours, changed), "en", "http://board").body
