"""Starts a real Chromium, and serves the board to it."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.config.access import ApiSettings
from pipeline.web.server import listen
from tests.support.servers import missing

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
HOSTILE = "<script>window.bad=1</script><img src=x onerror='window.bad=1'>\u202etxet"
"""A text that would take effect on a page that does not escape it."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield Debian's Chromium, headless."""
    path = shutil.which("chromium")
    if path is None:
        missing("chromium is not installed: tests/install-servers")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@contextmanager
def served(app: Any, port: int = 0) -> Iterator[str]:
    """Serve an app on a port, by default a free one; yields its URL."""
    with listen(ApiSettings(port=port)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def watch(page: Page, base: str, faults: list[str]) -> None:
    """Collect errors of the console, and requests to other hosts."""

    def note(fault: bool, text: str) -> None:
        if fault:
            faults.append(text)

    page.on("console", lambda message: note(message.type in ("error", "warning"), message.text))
    page.on("pageerror", lambda error: note(True, str(error)))
    page.on("request", lambda request: note(not request.url.startswith(base), request.url))


def fits(page: Page) -> None:
    """Assert that the page does not scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
