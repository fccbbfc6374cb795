"""Pictures of the board for the documentation: `python -m tests.screenshots` writes them anew.

From a simulated day of a made-up company whose desk has seen to most of its alerts.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page

from pipeline.board.pages import PAGES
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import INPUTS
from pipeline.service.views import PartitionStatus
from pipeline.store import open_chdb
from tests.support.browser import PHONE, chromium, served
from tests.support.connected import example
from tests.support.simulated_company import Company, app_of, simulated, stored

FOLDER = ROOT / "docs" / "screenshots"
WIDE = {"width": 1040, "height": 660}
TALL = {"width": 1040, "height": 840}
HIGH = ("customer", "pulse", "connections", "import")
"""Pages with much to see."""
TEXT = "Ürün güzel ama kargo berbat, üç gündür kimse telefona bakmıyor. Bir daha almam sizden!"

TABLE = """Tarih;Müşteri No;NPS;CSAT;Yorum
27.11.2026 14:05;M-1;9;4;Hızlıydı, beni 0532 123 45 67’den aradılar
27.11.2026 14:06;;3;1;Çok bekledim
27.11.2026 14:09;M-3;2;1;Bir daha asla
"""


class Shot(NamedTuple):
    """A page in a window."""

    name: str
    path: str
    language: str = "en"
    scheme: str = "light"
    window: Any = WIDE


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    company = simulated(lambda: datetime.now(UTC), customers=1_500)
    with tempfile.TemporaryDirectory() as folder:
        store = stored(company, open_chdb(Path(folder)))
        connections = example(Path(folder), company.clock())
        app = app_of(company, store=store, partitions=partitions(), connections=connections)
        with served(app) as base, chromium() as browser:
            for shot in shots(company):
                take(browser, base, shot)
        store.close()


def shots(company: Company) -> list[Shot]:
    """Return what is pictured; of alerts and customers those with the most to see."""
    ranked = company.live.ranked(company.clock())
    told = max((one for one in ranked if one.to_inform), key=lambda one: len(one.alert.evidence))
    worried = max(
        (one.alert for one in ranked if not one.ended),
        key=lambda one: (len(company.alerts(customer_id=one.customer_id)), one.risk),
    )
    shown = {"alert_id": told.alert.id, "customer_id": worried.customer_id}
    return [
        Shot("inbox-dark-phone", "/board", "tr", "dark", PHONE),
        *(
            Shot(page.name, page.path.format(**shown), window=TALL if page.name in HIGH else WIDE)
            for page in PAGES
        ),
        Shot("connection", "/board/connections/whatsapp", window=TALL),
    ]


def take(browser: Browser, base: str, shot: Shot) -> None:
    """Take one picture."""
    page = browser.new_page(
        viewport=shot.window,
        locale=shot.language,
        color_scheme=shot.scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page.goto(base + shot.path)
    prepare(page, shot.path)
    page.screenshot(path=FOLDER / f"{shot.name}.png")
    page.context.close()


def prepare(page: Page, path: str) -> None:
    """Wait for what comes after the page, or fill it in."""
    if path == "/board":
        page.locator("#link.on").wait_for()
    if path == "/board/import":
        page.locator("#file").set_input_files(
            {"name": "yanıtlar.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
        )
        page.locator(".upload button").click()
        page.locator("#tried").wait_for()
    if path == "/board/why":
        page.locator("textarea").fill(TEXT)
        page.locator(".why-form button").click()
        page.locator("#reading").wait_for()


def partitions() -> list[PartitionStatus]:
    """Return what a healthy pipeline looks like."""
    now = datetime.now(UTC)
    return [
        PartitionStatus(role, topics[0], number, 0, 0.0, 4_800, 2.4, now)
        for role, topics in INPUTS.items()
        for number in range(4)
    ]


if __name__ == "__main__":
    main()
