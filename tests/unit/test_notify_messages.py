"""What a message says."""

from datetime import datetime

import pytest

from pipeline.notify.case import Case, Change, Customer, fold
from pipeline.notify.due import Delivery, deliveries, failed
from pipeline.notify.messages import LISTED, render, render_digest
from pipeline.notify.routes import Desk
from tests.notices import ALERT_ID, MONDAY_NIGHT, MONDAY_NOON, alert, desk


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return desk(tmp_path_factory.mktemp("desk"))


def case_of(ours: Desk, *changes: Change, at: datetime = MONDAY_NOON) -> Case:
    (case,) = fold(Customer(), changes, ours, at).cases
    return case


def first(ours: Desk, case: Case) -> Delivery:
    return deliveries(case, ours, ("chat",))[0]


def test_a_message_says_who_what_why_and_what_to_do_in_both_languages(ours: Desk) -> None:
    case = case_of(ours, alert(brand="Acme", channel="chat"))
    english = render(case, first(ours, case), "en", "http://board")
    assert english.title == "[high] Wants to leave"
    assert english.body.splitlines() == [
        "Customer: m-1",
        "Where: Acme · chat",
        "In their words: “Bir daha asla!”",
        "Risk: 50 %",
        "What to do: Call within the hour.",
        f"http://board/alerts/{ALERT_ID}",
    ]
    turkish = render(case, first(ours, case), "tr", "http://board")
    assert turkish.title == "[yüksek] Ayrılmak istiyor"
    assert "Söylenen: “Bir daha asla!”" in turkish.body
    assert english.id == turkish.id


def test_a_quote_with_braces_and_of_any_length_stays_text_and_short(ours: Desk) -> None:
    case = case_of(ours, alert(quote="{title} " * 100))
    message = render(case, first(ours, case), "en", "http://board")
    assert "{title} {title}" in message.body
    assert len(message.body) < 600


def test_a_digest_lists_the_worst_first_and_counts_the_rest(ours: Desk) -> None:
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
    assert message.title == "Alerts of the quiet hours: 25"
    assert lines[0].startswith(f"• [high] Wants to leave (m-{LISTED})")
    assert lines[-1] == "… and 5 more"
    assert render_digest(held[::-1], "en", "http://board").id == message.id


def test_what_a_channel_has_refused_comes_again_as_headline_and_link_alone(ours: Desk) -> None:
    case = case_of(ours, alert(brand="Acme"))
    refused = failed(case, "chat", case, MONDAY_NOON, refused=True)
    message = render(refused, first(ours, case), "en", "http://board")
    assert message.title == "[high] Wants to leave"
    assert message.body == f"http://board/alerts/{ALERT_ID}"
    changed = case_of(ours, alert(2, brand="Acme", severity="critical"))
    assert "Bir daha asla!" in render(changed, first(ours, changed), "en", "http://board").body
