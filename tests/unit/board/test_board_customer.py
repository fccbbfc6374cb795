"""The page of a customer."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from msgspec.structs import replace

from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType
from tests.support.board_items import action, alert
from tests.support.customers import START, Customer, csat, event, leaving, reading, resolved
from tests.support.simulated_company import Company
from tests.unit.board.pages import HOSTILE, Client, Clock, page, press

FIELDS = ("text", "title", "channel", "brand", "segment", "ticket_id", "order_id", "product")


def test_a_customer_has_a_timeline_alerts_and_a_course_of_risk_and_the_look_is_noted(
    client: Client, company: Company, clock: Clock
) -> None:
    clock.now = START + timedelta(days=1)
    customer = Customer()
    event = leaving("e1", 1, customer_id="c/1")
    company.events["c/1"] = [event]
    company.happen(customer.receive(event))
    press(client, "contact", next(iter(company.known)), note="Aradım")
    text = page(client, "/board/customers/c/1")
    for words in (
        "c/1",
        "<mark>Bir daha almam sizden!</mark>",
        "negative",
        "Message",
        "Contacted",
        "Aradım",
    ):
        assert words in text, words
    assert "Risk over time: " in text
    assert "Nothing is known" in page(client, "/board/customers/nobody", 404)
    client.app.state.access._trail.flush()
    looks = [(one.what, one.customer_id, one.status) for one in company.noted[-2:]]
    assert looks == [("customer.viewed", "c/1", 200), ("customer.viewed", "nobody", 404)]


def test_what_the_risk_would_be_without_each_cause_stands_on_both_pages(
    client: Client, company: Company, clock: Clock
) -> None:
    clock.now = START + timedelta(hours=1)
    customer = Customer()
    history = [leaving("e1", 0), event("e2", EventType.PAYMENT_FAILED, 0.5)]
    company.events["c1"] = history
    company.happen(customer.receive(*history))
    (alert_id,) = company.known
    for address, risk in (("customers?id=c1&", "26%"), (f"alerts/{alert_id}?", "0%")):
        english = page(client, f"/board/{address}lang=en")
        assert f"Without “Customer intends to leave”: {risk}" in english
        assert "Solved, and the customer is content: " in english
        turkish = page(client, f"/board/{address}lang=tr")
        assert "“Müşteri gitmeyi düşünüyor” olmasaydı: %" in turkish
    company.happen(customer.receive(resolved("e3", 1), csat("e4", 1, 5)))
    assert "What if?" not in page(client, f"/board/alerts/{alert_id}?lang=en")


ODD = (
    "a/b?c=d#e",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../../etc/passwd",
    "a/../b",
    "%2e%2e%2f",
    "a%2Fb",
)


@pytest.mark.parametrize(
    "name", [*ODD, "a b", "a+b", "a&id=b", "a;b", "a\\b", "e\u0301", "?", *HOSTILE]
)
def test_the_link_to_a_customer_leads_there_whatever_their_id_is(
    client: Client, company: Company, name: str
) -> None:
    company.events[name] = [leaving("e1", 1, customer_id=name)]
    company.happen([alert(customer_id=name)])
    (link,) = re.findall(r'class="customer"><a href="([^"]+)"', page(client))
    assert str(httpx.URL(link)) == link
    assert "Bir daha almam" in page(client, unescape(link))
    client.app.state.access._trail.flush()
    assert company.noted[-1].customer_id == name


def test_a_customer_of_hostile_words(client: Client, company: Company) -> None:
    company.events["c1"] = [
        event(f"e{n}", EventType.MESSAGE, n, reading("negative"), **dict.fromkeys(FIELDS, evil))
        for n, evil in enumerate((*HOSTILE, "uzun " * 4_000))
    ]
    text = page(client, "/board/customers/c1")
    assert text.count("<script") == 1
    assert "<img" not in text
    assert "49" not in re.sub("<[^>]*>", "", text)
    assert "Show all" in text


def test_a_test_is_shown_as_one_that_does_not_count(client: Client, company: Company) -> None:
    threat = leaving("e1", 1, customer_id="c1")
    company.events["c1"] = [replace(threat, counted=False)]
    text = page(client, "/board/customers/c1")
    assert "test, not counted" in text
    assert "score 0 at its highest" in text
    company.events["c1"] = [threat]
    assert "not counted" not in page(client, "/board/customers/c1")


@pytest.mark.parametrize("language", ["tr", "en"])
def test_each_event_of_a_timeline_is_called_by_the_name_of_its_type(
    client: Client, company: Company, language: str
) -> None:
    company.events["c1"] = [event(type_, type_, n) for n, type_ in enumerate(EventType)]
    text = page(client, f"/board/customers/c1?lang={language}")
    shown = map(unescape, re.findall(r'<p class="line"><b>([^<]+)</b>', text))
    assert [*shown] == [type_.names[language] for type_ in reversed(EventType)]


def test_what_only_a_newer_version_knows_is_shown_by_its_name(
    client: Client, company: Company, clock: Clock
) -> None:
    clock.now = START + timedelta(days=1)
    newer = leaving("e1", 1, author_type=AuthorType("partner"), customer_id="c1")
    called = replace(newer, event=replace(newer.event, type=EventType("loyalty.joined")))
    company.events["c1"] = [called]
    company.happen([alert("a1", severity="urgent", state="paused")])
    company.take(action("escalate", outcome="won_back"))
    text = page(client, "/board/customers/c1")
    for words in ("loyalty.joined", "partner", "urgent", "escalate", "won back"):
        assert words in text, words
    assert "urgent" in page(client, "/board")
    assert "urgent" in page(client, "/board/alerts/a1")
