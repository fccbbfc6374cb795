"""What an SMS says: headline and link, in few parts."""

import asyncio

import apprise
import pytest
from apprise.plugins import NotifyBase

from pipeline.channels.by_apprise import Apprise
from pipeline.notify.due import Delivery
from pipeline.notify.messages import Notification, render, render_digest
from pipeline.notify.thread import Thread
from tests.support.notify_cases import ALERT_ID, MONDAY_NOON, alert, follow_up, thread

BOARD = "https://nabiz.a-company.example/board"
LINK = f"{BOARD}/alerts/{ALERT_ID}"
PART = 67
"""Characters of a part of an SMS with Turkish letters, as of several parts."""
ADDRESSES = (
    "vonage://ABCD1234:secret@15551231234/15551231235",
    "clicksend://user:key@15551231235",
    f"twilio://AC{'a' * 32}:{'b' * 32}@15551231234/15551231235",
    "smseagle://token@eagle.example/15551231235",
    f"telesign://{'A' * 36}:key@15551231235",
)
OPENED = Delivery(ALERT_ID, "sms", "opened", MONDAY_NOON, digest=False)


def case(**fields: object) -> Thread:
    return thread(alert(brand="Acme", playbook="Ara. " * 400, **fields))


def sent_to(
    address: str, message: Notification, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, str]]:
    """Return title and body of each message that the service of this address is sent."""
    came: list[tuple[str, str]] = []

    def send(_: NotifyBase, body: str, title: str = "", **__: object) -> bool:
        came.append((title, body))
        return True

    kind = type(apprise.Apprise.instantiate(address))
    monkeypatch.setattr(kind, "send", send)
    monkeypatch.setattr(NotifyBase, "throttle", lambda *_, **__: None)
    asyncio.run(Apprise("sms", address).send(message))
    return came


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_sms_is_headline_and_link_alone(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    message = render(case(quote="Bir daha asla! " * 30), OPENED, "tr", BOARD)
    assert sent_to(address, message, monkeypatch) == [("", f"[yüksek] Ayrılmak istiyor\r\n{LINK}")]


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_has_three_parts_at_most_whatever_names_are_in_the_headline(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_hand = follow_up(2, stage="acknowledged", owner="Gülşah " * 18, cause_ended_at=MONDAY_NOON)
    held = case(titles={"tr": "İstanbul’da " * 20})
    told = thread(held.alerts[0], in_hand)
    ((_, body),) = sent_to(address, render(told, OPENED, "tr", BOARD), monkeypatch)
    assert body.startswith("Nedeni ortadan kalktı, Gülşah")
    assert body.endswith(f"…\r\n{LINK}")
    assert len(body) <= 3 * PART


def test_a_digest_is_its_number_and_the_board(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = render_digest([(case(), OPENED)] * 3, "en", BOARD)
    sent = sent_to(ADDRESSES[0], digest, monkeypatch)
    assert sent == [("", f"Cases from the quiet hours: 3\r\n{BOARD}")]


def test_a_pager_that_takes_less_than_a_link_still_has_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = sent_to("dapnet://user:pass@DF1ABC", render(case(), OPENED, "tr", BOARD), monkeypatch)
    assert "".join(body for _, body in sent).endswith(ALERT_ID)
    assert len(sent) <= 3
