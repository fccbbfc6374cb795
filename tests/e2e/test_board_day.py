"""Every page of the board in a real browser, over a simulated day."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from pipeline.board.charts.multiples import SHOWN
from pipeline.board.pages import PAGES
from pipeline.store import open_chdb
from tests.support.browser import HOSTILE, PHONE, fits, served, watch
from tests.support.connected import example
from tests.support.simulated_company import Company, app_of, simulated, stored
from tests.support.stand_in_api import SEEN, letter

FORBIDDEN = ("serious", "critical")
"""What axe may not find, by its impact."""
RULES: dict[str, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
"""In the dark nothing but the colours is another."""
FURTHER = ("/board?view=done", "/board/connections/whatsapp", "/board/systems/zendesk")
"""Pages beside those that are registered."""


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Company, str]]:
    """A simulated day in a store, and where its board is."""
    company = simulated(now, customers=60)
    store = stored(company, open_chdb(tmp_path_factory.mktemp("chdb")))
    store.write_dead_letters([letter(1, sentence=HOSTILE)])
    connections = example(tmp_path_factory.mktemp("desk"), now())
    app = app_of(company, store=store, partitions=[SEEN], connections=connections)
    with served(app) as base:
        yield company, base
    store.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_is_accessible(
    browser: Browser, day: tuple[Company, str], scheme: Literal["light", "dark"]
) -> None:
    company, base = day
    item = next(one for one in company.live.ranked(now()) if one.actions)
    faults: list[str] = []
    page = browser.new_page(viewport=PHONE, color_scheme=scheme, locale="tr-TR")
    watch(page, base, faults)
    shown = {"alert_id": item.alert.id, "customer_id": item.alert.customer_id}
    for path in (*FURTHER, *(entry.path.format(**shown) for entry in PAGES)):
        page.goto(base + path)
        if path == "/board/why":
            page.get_by_label("Metin").fill("Kargo berbat, bir daha almam!")
            page.get_by_role("button", name="Oku").click()
            expect(page.locator("#reading .strong, #reading .weak").first).to_be_visible()
        for sheet in page.locator("summary").all()[:2]:
            sheet.click()
        fits(page)
        found = Axe().run(page, options=RULES[scheme]).response["violations"]
        serious = [one for one in found if one["impact"] in FORBIDDEN]
        told = [(path, one["id"], [n["html"][:200] for n in one["nodes"][:3]]) for one in serious]
        assert told == []
    page.context.close()
    assert faults == []


def test_from_an_alert_to_its_customer_and_the_numbers(
    browser: Browser, day: tuple[Company, str]
) -> None:
    _, base = day
    page = browser.new_page(locale="en-US")
    page.goto(f"{base}/board?view=done")
    card = page.locator(".card", has=page.locator("blockquote")).first  # some wrote nothing
    customer = card.locator(".customer a").inner_text()
    card.locator(".customer a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(customer)
    expect(page.get_by_role("img", name="Risk over time")).to_be_visible()
    expect(page.locator(".timeline mark").first).to_be_visible()
    page.get_by_role("link", name="Pulse").click()
    page.get_by_role("link", name="6 hours").click()
    expect(page).to_have_url(f"{base}/board/pulse?range=6h")
    expect(page.locator(".tile")).to_have_count(len(SHOWN))
    page.get_by_role("link", name="Health").click()
    expect(page.get_by_role("rowheader", name="Raises alerts detect")).to_be_visible()
    page.context.close()
