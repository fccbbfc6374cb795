"""A kind of channel is its module and its row: nothing else in the product knows its name."""

import re
from datetime import datetime
from pathlib import Path

import pytest

import agents
import pipeline
from pipeline.channels import open as opening
from pipeline.channels import page
from pipeline.channels.channel import Address, Channel, ChannelError, ChannelKind
from pipeline.config.groups import NotifySettings
from pipeline.notify.messages import Notification
from tests.support.notifiers import Desk
from tests.support.notify_cases import ROUTES, alert


class Pager:
    """What a module of a new channel holds: the channel …"""

    digests = False

    def __init__(self, number: str) -> None:
        self.number = number
        self.told: list[str] = []
        self.kept: list[tuple[str, ...]] = []

    async def send(self, message: Notification) -> None:
        self.told.append(message.kind)

    async def keep_alive(self, messages: list[Notification], now: datetime) -> None:
        self.kept.append(tuple(message.title for message in messages))

    async def probe(self) -> str:
        return f"pager {self.number} is on"

    async def close(self) -> None:
        self.told.append("closed")


def open_pager(address: Address, _: NotifySettings) -> Pager:
    if not address.parts.netloc.isdigit():
        raise ValueError(address.url)
    return Pager(address.parts.netloc)


PAGER = ChannelKind({"pager": ""}, "pager://NUMBER", "a pager", "beeps twice", open_pager)
"""… and its kind."""


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "KINDS", (*opening.KINDS, PAGER))


def opened(url: str) -> Channel:
    return opening.open_channel("duty", url, NotifySettings())


async def test_its_address_opens_it_and_a_wrong_one_is_told_without_its_secret() -> None:
    assert await opened("pager://112").probe() == "pager 112 is on"
    with pytest.raises(ChannelError, match=r"^channel duty: must look like pager://NUMBER"):
        opened("pager://s3cret")


def test_the_documentation_follows_from_it() -> None:
    assert "| `pager://NUMBER` | a pager | beeps twice |" in page.with_table(
        page.PAGE.read_text("utf-8")
    )


async def test_it_is_told_of_alerts_and_kept_alive_where_it_asks_for_that(tmp_path: Path) -> None:
    play = Desk(tmp_path, ROUTES, am="pager://112", chat="pager://113")
    notifier = await play.through(alert(at=play.now))
    pagers = {name: sender.channel for name, sender in notifier._senders.items()}
    await notifier.keep_alive()
    (kept,) = pagers["am"].kept  # type: ignore[attr-defined]
    assert (pagers["am"].told, len(kept)) == (["opened"], 1)  # type: ignore[attr-defined]
    await play.through(alert(2, at=play.now, state="resolved"), outbox=notifier)
    await notifier.keep_alive()
    assert pagers["am"].told == ["opened", "resolved"]  # type: ignore[attr-defined]
    assert pagers["am"].kept[1:] == [()]  # type: ignore[attr-defined]


def test_the_page_is_as_the_kinds_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    text = page.PAGE.read_text("utf-8")
    assert page.with_table(text) == text, "run: make generated"


def test_no_other_file_of_the_product_imports_one_of_them() -> None:
    modules = [kind.open.__module__ for kind in (*opening.KINDS[:-1], opening.OTHER)]
    names = "|".join(module.rpartition(".")[2] for module in modules)
    imports = re.compile(rf"^\s*(from|import) .*channels.*\b({names})\b", re.MULTILINE)
    sources = [*Path(pipeline.__path__[0]).rglob("*.py"), *Path(agents.__path__[0]).rglob("*.py")]
    found = {source.name for source in sources if imports.search(source.read_text("utf-8"))}
    assert found == {"open.py"}
