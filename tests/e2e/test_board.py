"""The inbox in a real browser: what those who act on alerts see and do."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from pipeline.access.user import LOCAL
from pipeline.board.inbox.live import KEPT
from tests.support.board_items import alert as made_up_alert
from tests.support.browser import DESK, HOSTILE, PHONE, fits, served, watch
from tests.support.simulated_company import Company, app_of

Open = Callable[..., Page]


def now() -> datetime:
    return datetime.now(UTC)


def alert(name: str, **fields: Any) -> Any:
    at = fields.pop("at", now())
    names = {"tr": f"Uyarı {name}", "en": f"Alert {name}"}
    defaults = {"opened_at": at, "updated_at": at, "customer_id": name}
    return made_up_alert(name, titles=names, **(defaults | fields))


@pytest.fixture
def company() -> Company:
    company = Company(now)
    company.happen([alert("a1", severity="high"), alert("a2", severity="low", brand="Çarşım")])
    return company


@pytest.fixture
def base(company: Company) -> Iterator[str]:
    with served(app_of(company)) as base:
        yield base


@pytest.fixture
def faults() -> list[str]:
    """What went wrong in any window; a test that expects some of it empties it."""
    return []


@pytest.fixture
def open_(browser: Browser, base: str, faults: list[str]) -> Iterator[Open]:
    """Open a page in a window of its own; at the end there must have been no fault in any."""
    contexts: list[BrowserContext] = []

    def open_(path: str = "/board", **options: Any) -> Page:
        given = {"viewport": DESK, "locale": "en-US"} | options
        context = browser.new_context(**given)
        context.set_default_timeout(5_000)
        contexts.append(context)
        page = context.new_page()
        watch(page, base, faults)
        page.goto(base + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def live(page: Page) -> Page:
    """Wait until the page follows its stream."""
    expect(page.locator("#link.on")).to_be_visible()
    return page


def names(page: Page) -> list[str]:
    return page.locator(".card h2").all_inner_texts()


def card(page: Page, name: str) -> Any:
    return page.locator(f"[aria-labelledby=title-{name}]")


def test_an_alert_arrives_in_its_place_without_a_reload(open_: Open, company: Company) -> None:
    page = live(open_())
    assert names(page) == ["Alert a1", "Alert a2"]
    company.happen([alert("b", severity="medium", quote="Yeni <b>söz</b>")])
    expect(card(page, "b")).to_be_visible(timeout=1_000)
    assert names(page) == ["Alert a1", "Alert b", "Alert a2"]
    expect(card(page, "b").locator("blockquote")).to_have_text("Yeni <b>söz</b>")
    expect(page.locator("#views [aria-current] b")).to_have_text("3")
    expect(page.get_by_role("status")).to_have_text("New case: Alert b")
    company.happen([alert("b", severity="critical", revision=2)])
    expect(page.locator(".card").first).to_have_attribute("aria-labelledby", "title-b")
    company.happen([alert("b", state="resolved", revision=3, closed_at=now())])
    expect(card(page, "b")).to_have_count(0)


def test_what_one_does_the_other_sees_and_does_not_do_again(open_: Open, company: Company) -> None:
    first, second = live(open_()), live(open_())
    card(first, "a1").get_by_role("button", name="Acknowledge", exact=True).click()
    for page in (first, second):
        expect(card(page, "a1").locator(".stage")).to_have_text("Acknowledged")
        expect(card(page, "a1").locator(".owner")).to_contain_text(LOCAL.name)
        expect(
            card(page, "a1").get_by_role("button", name="Acknowledge", exact=True)
        ).to_have_count(0)
    card(second, "a1").get_by_role("button", name="Undo").click()
    for page in (first, second):
        expect(card(page, "a1").locator(".stage")).to_have_text("Open")
    assert [one.kind for one in company.done] == ["acknowledge", "undo"]


def test_of_two_that_press_at_once_the_second_is_told(
    open_: Open, company: Company, faults: list[str]
) -> None:
    page = live(open_())
    seen = card(page, "a1").locator("[name=seen]")
    seen.evaluate("one => { one.value = 'open/somebody' }")
    card(page, "a1").get_by_role("button", name="Contacted").click()
    expect(page.get_by_role("status")).to_contain_text("It changed meanwhile")
    assert company.done == []
    card(page, "a1").get_by_role("button", name="Contacted").click()
    expect(card(page, "a1").locator(".stage")).to_have_text("Contacted")
    (said,) = faults  # by the browser itself
    assert "409" in said
    faults.clear()


def test_resolving_with_outcome_and_note_then_informing(open_: Open, company: Company) -> None:
    page = live(open_())
    card(page, "a1").locator("summary", has_text="Resolve").click()
    card(page, "a1").get_by_label("Outcome").select_option("lost")
    card(page, "a1").get_by_label("Note").fill("Rakibe <i>geçmiş</i>")
    company.happen([alert("a1", revision=2, severity="critical")])
    expect(page.locator("#views [aria-current] b")).to_have_text("2")
    expect(card(page, "a1").get_by_label("Note")).to_have_value("Rakibe <i>geçmiş</i>")
    card(page, "a1").get_by_role("button", name="Close as resolved").click()
    expect(card(page, "a1")).to_have_count(0)
    page.get_by_role("link", name="To inform").click()
    expect(card(page, "a1").locator(".last")).to_contain_text("Rakibe <i>geçmiş</i>")
    card(page, "a1").get_by_role("button", name="Informed").click()
    expect(card(page, "a1")).to_have_count(0)
    assert [(one.kind, one.outcome) for one in company.done] == [
        ("resolve", "lost"),
        ("inform", None),
    ]


def test_filters_stand_in_the_address_and_hold_for_what_arrives(
    open_: Open, company: Company
) -> None:
    page = live(open_())
    page.get_by_label("Brand").select_option("Çarşım")
    expect(page).to_have_url(re.compile(r"/board\?brand=%C3%87ar%C5%9F%C4%B1m$"))
    live(page)
    assert names(page) == ["Alert a2"]
    company.happen([alert("b"), alert("c", brand="Çarşım", severity="critical")])
    expect(card(page, "c")).to_be_visible()
    assert names(page) == ["Alert c", "Alert a2"]
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator(".card")).to_have_count(4)


def test_another_language_is_one_press_away_and_stays(open_: Open) -> None:
    page = open_(locale="tr-TR")
    expect(page.get_by_role("heading", level=1)).to_have_text("Gelen kutusu")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    page.get_by_role("link", name="Try a text").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_all_of_it_goes_by_keyboard(open_: Open, company: Company) -> None:
    page = live(open_())
    keys = page.keyboard
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    keys.press("Enter")
    keys.press("j")
    expect(card(page, "a1")).to_be_focused()
    keys.press("j")
    expect(card(page, "a2")).to_be_focused()
    keys.press("k")
    keys.press("a")
    expect(card(page, "a1").locator(".stage")).to_have_text("Acknowledged")
    expect(card(page, "a1")).to_be_focused()
    keys.press("r")
    expect(card(page, "a1").get_by_label("Outcome")).to_be_focused()
    keys.press("Escape")
    expect(card(page, "a1").locator("summary", has_text="Resolve")).to_be_focused()
    keys.press("s")
    keys.press("Enter")
    expect(card(page, "a1")).to_have_count(0)
    expect(card(page, "a2")).to_be_focused()
    keys.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    keys.press("o")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alert a2")
    assert [one.kind for one in company.done] == ["acknowledge", "snooze"]


def test_a_lost_connection_is_shown_and_mends_itself(browser: Browser, company: Company) -> None:
    with served(app_of(company)) as base:
        page = browser.new_page(locale="en-US")
        page.goto(f"{base}/board")
        live(page)
    expect(page.locator("#link.off")).to_have_text("Not connected")
    company.happen([alert("b")])
    with served(app_of(company), int(base.rpartition(":")[2])):
        expect(card(page, "b")).to_be_visible(timeout=10_000)
        expect(page.locator("#link.on")).to_be_visible()
        page.context.close()


def test_the_page_of_an_alert_that_left_the_inbox_stays_whatever_happens_meanwhile(
    open_: Open, company: Company
) -> None:
    long_ago = now() - 2 * KEPT
    company.happen([alert("old", at=long_ago, state="resolved", closed_at=long_ago)])
    company.live.forget(now())
    held: list[Route] = []
    page = open_("/board")
    page.route("**/board/stream/*", lambda route: held.append(route))
    with page.expect_request("**/board/stream/*"):
        page.goto(f"{page.url}/alerts/old")
    shown = card(page, "old")
    shown.evaluate("one => { one.dataset.before = 'the stream' }")
    company.happen([alert("b")])
    held[0].continue_()
    expect(page.locator("[data-before]")).to_have_count(0)
    expect(shown).to_contain_text("Alert old")


def test_hostile_words_stay_words(open_: Open, company: Company) -> None:
    evil = HOSTILE + "m" * 3_000 + "ِ" * 500
    company.happen([alert("evil", quote=evil, brand=HOSTILE, customer_id=HOSTILE)])
    page = live(open_(viewport=PHONE))
    company.happen([alert("evil2", quote=evil, brand=HOSTILE, customer_id=f"{HOSTILE}2")])
    expect(card(page, "evil2")).to_be_visible()
    expect(card(page, "evil2").locator("blockquote")).to_contain_text("<script>window.bad=1")
    assert page.evaluate("window.bad") is None
    fits(page)
