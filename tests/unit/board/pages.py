"""What a browser does with the pages of the board, and the clock that they go by."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from pipeline.access.accounts import Account, AccountBook, change_accounts
from pipeline.access.user import ROLES
from tests.support.board_items import NOW
from tests.support.login_api import CHEAP, PASSWORD

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'+alert(1)+'",
    "{{ 7 * 7 }}",
    "\u202e txet \u2066 \x00\x07",
)


class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


Client = TestClient[Litestar]


def page(client: Client, address: str = "/board", status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def titles(text: str) -> list[str]:
    """The gravest alert of each case that a page shows, in order, by their ids."""
    return re.findall(r'<article [^>]*aria-labelledby="title-([^"]+)"', text)


def press(client: Client, do: str, alert_id: str = "a1", **fields: str) -> Any:
    form = {"do": do, **fields}
    return client.post(f"/board/alerts/{alert_id}/actions", data=form, headers={"X-Board": "1"})


def book(folder: Path) -> AccountBook:
    hashed = CHEAP.hash(PASSWORD)
    change_accounts(folder / "u", lambda _: {one: Account(one, one, hashed) for one in ROLES})
    return AccountBook(folder / "u")
