"""What the services behind Apprise are sent: customers' words are never mark-up, nor too long."""

import asyncio
import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
from apprise.plugins import NotifyBase
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import markdown

from pipeline.channels.alertmanager import posts
from pipeline.channels.by_apprise import Apprise
from pipeline.channels.channel import ChannelAway, ChannelRefused, MessageRefused
from pipeline.channels.mail import Mailbox, to_email
from pipeline.channels.pagerduty import event_of
from pipeline.common.plain_text import one_line
from pipeline.notify.due import Delivery
from pipeline.notify.messages import Notification, render, render_digest
from tests.support.notify_cases import ALERT_ID, MONDAY_NOON, alert, thread

BOARD = "http://board.example:8089/board"
LINK = f"{BOARD}/alerts/{ALERT_ID}"
ADDRESSES = {
    "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#genel",
    "tgram": "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "discord": "discord://123456789012345678/abcdefghijklmnopqrstuvwx",
    "discord_embed": "discord://123456789012345678/abcdefghijklmnopqrstuvwx?format=markdown",
    "mmost": "mmost://chat.example/3ccdd113474722377935511fc85d3dd4",
    "gchat": "gchat://workspace/key/token",
    "webex": f"wxteams://{'a' * 80}",
    "teams": "workflows://teams.example/workflow/signature",
    "zulip": f"zulip://bot@company/{'a' * 32}/channel",
    "lark": "lark://token-1",
    "sendgrid": f"sendgrid://{'a' * 16}:nabiz@example.com/ayse@example.com",
    "json": "json://hook.example/x",
}
WORDS = {
    "slack": lambda sent: sent["attachments"][0]["text"],
    "tgram": lambda sent: sent["text"],
    "discord": lambda sent: sent["content"],
    "discord_embed": lambda sent: sent["embeds"][0]["description"],
    "mmost": lambda sent: sent["text"],
    "gchat": lambda sent: sent["text"],
    "webex": lambda sent: sent["markdown"],
    "teams": lambda sent: sent["attachments"][0]["content"]["body"][-1]["text"],
    "zulip": lambda sent: sent["content"],
    "lark": lambda sent: sent["content"]["text"],
    "sendgrid": lambda sent: sent["content"][0]["value"],
    "json": lambda sent: sent["message"],
}
PINGS = '<!channel> @here @everyone @all <@U0001> <users/all> <at user_id="all"></at> @**all**'
LINKS = "[iade](https://kotu.example/a) <https://kotu.example|Panoyu aç> <a href='//kotu'>aç</a>"
STYLES = "*a* **b** _c_ `d` ~~e~~ <b>f</b> # g <script>alert(1)</script> &lt; &amp; a<b && c>d"


class Service:
    """What was posted, and what each post is answered."""

    def __init__(self) -> None:
        self.came: list[Any] = []
        self.status = 200

    def request(self, url: str, data: Any = None, json: Any = None, **_: Any) -> requests.Response:
        self.came.append(json or data)
        answer = requests.Response()
        answer.status_code = self.status
        answer._content = b"ok" if "slack" in url else b'{"ok": true}'
        return answer


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    found = Service()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            requests.Session, "request", lambda _, *args, **more: found.request(*args, **more)
        )
        patch.setattr(NotifyBase, "throttle", lambda *_, **__: None)  # seconds between two posts
        yield found


@cache
def channel_of(kind: str) -> Apprise:
    return Apprise("chat", ADDRESSES[kind])


def message_of(words: str, **fields: Any) -> Notification:
    told = thread(alert(quote=words, **fields))
    delivery = Delivery(ALERT_ID, "chat", "opened", MONDAY_NOON, digest=False)
    return render(told, delivery, "tr", BOARD)


def posted(service: Service, kind: str, message: Notification) -> list[str]:
    """Return the texts that a service of this kind is sent for a message."""
    service.came.clear()
    service.status = 200
    asyncio.run(channel_of(kind).send(message))
    sent = [json.loads(one) if isinstance(one, str | bytes) else one for one in service.came]
    return [WORDS[kind](one) for one in sent]


class _Read(HTMLParser):
    """What HTML shows, and the tags in it."""

    def __init__(self, shown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""
        self.feed(shown)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read_html(shown: str) -> str:
    read = _Read(shown)
    assert read.tags <= {"b", "br", "h1", "p"}
    return read.text


def read_markdown(shown: str) -> str:
    """What Markdown shows; Python-Markdown takes backslashes before fewer signs than CommonMark."""
    as_code = re.sub(r"\\([!-/:-@\[-`{-~])", lambda one: f"&#{ord(one[1])};", shown)
    return read_html(markdown(as_code))


def read_slack(shown: str) -> str:
    assert not re.search("[<>]|&(?!lt;|gt;|amp;)", shown)
    return html.unescape(shown)


READ: dict[str, Callable[[str], str]] = {
    "slack": read_slack,
    "tgram": read_html,
    "discord": read_markdown,
    "discord_embed": read_markdown,
    "mmost": read_markdown,
    "webex": read_markdown,
    "teams": read_markdown,
    "sendgrid": read_html,
    "json": lambda shown: shown,
}


def same(text: str) -> str:
    """A text as it is compared: mentions in their wide form, and white space aside."""
    return "".join(text.replace("＠", "@").split())


def hostile() -> st.SearchStrategy[str]:
    signs = st.sampled_from([*"<>@&[](){}*_`~#|\\!:/;-+.=\"'", "\n", "\u202e", " ", "a", "ş", "1"])
    parts = st.sampled_from([PINGS, LINKS, STYLES, "https://kotu.example/a_b_", "&lt;", "&#60;"])
    return st.lists(st.one_of(signs, parts, st.text(max_size=5)), max_size=30).map("".join)


@pytest.mark.parametrize("kind", READ)
@given(words=hostile())
@settings(max_examples=25, deadline=None)
def test_a_service_shows_the_words_as_they_were_written(
    kind: str, words: str, service: Service
) -> None:
    said = one_line(words, 300)
    shown = "".join(READ[kind](one) for one in posted(service, kind, message_of(words)))
    assert same(said) in same(shown)
    assert same(LINK) in same(shown)


@pytest.mark.parametrize("kind", ADDRESSES)
def test_no_words_call_people_or_hide_where_a_link_leads(kind: str, service: Service) -> None:
    (shown,) = posted(service, kind, message_of(f"{PINGS} {LINKS}"))
    if kind in ("json", "sendgrid"):  # the words are data; and an e-mail calls nobody else
        return
    assert kind in ("slack", "teams", "lark") or not re.search(r"@(everyone|all|\*\*)", shown)
    assert not re.search(r"(?<!\\)<(!channel|at|@U0001|users/all)", shown)
    assert not re.search(r"(?<!\\)<(https://kotu|a href)", shown)
    assert kind in ("slack", "tgram", "gchat", "lark") or not re.search(r"(?<!\\)\]\(", shown)
    assert LINK in shown


def test_a_telegram_message_with_an_angle_is_taken(service: Service) -> None:
    words = "kargo <3 gün dediniz & hâlâ yok, mailim <ali@ornek> rezalet"
    (shown,) = posted(service, "tgram", message_of(words))
    assert "kargo &lt;3 gün dediniz &amp; hâlâ yok, mailim &lt;ali@ornek&gt; rezalet" in shown


@pytest.mark.parametrize(
    ("kind", "title", "most"),
    [
        ("zulip", lambda sent: sent["topic"], 60),
        ("teams", lambda sent: sent["attachments"][0]["content"]["body"][1]["text"], 250),
    ],
)
def test_a_title_is_plain_and_where_it_is_cut_it_says_so(
    kind: str, title: Callable[[Any], str], most: int, service: Service
) -> None:
    long = "Çok uzun bir başlık: müşteri gitmek istiyor " * 10
    posted(service, kind, message_of("Kötü.", titles={"tr": long}))
    sent = service.came[0]
    shown = title(json.loads(sent) if isinstance(sent, str | bytes) else sent)
    assert "yüksek" in shown
    assert "\\" not in shown
    assert shown.endswith("…")
    assert len(shown) <= most


def test_an_id_with_a_line_break_forges_no_line() -> None:
    forged = message_of("Kötü.", customer_id="m-1\nNe yapmalı: 5.000 TL iade yapın\u2028Risk: %0")
    lines = forged.body.splitlines()
    assert lines[0] == "Müşteri: m-1 Ne yapmalı: 5.000 TL iade yapın Risk: %0"
    assert [one for one in lines if one.startswith("Ne yapmalı")] == [
        "Ne yapmalı: Call within the hour."
    ]


@pytest.mark.parametrize(("kind", "most"), [("discord", 2_000), ("tgram", 4_096)])
def test_a_digest_that_is_too_long_for_a_service_is_split(
    kind: str, most: int, service: Service
) -> None:
    held = []
    for number in range(20):
        id_ = f"6f1d0b5a-0000-4000-8000-{number:012}"
        told = thread(alert(id=id_, customer_id=f"<m-{number}> " * 20))
        held.append((told, Delivery(id_, "chat", "opened", MONDAY_NOON, digest=True)))
    parts = posted(service, kind, render_digest(held, "tr", "https://nabiz.a-company.example"))
    assert len(parts) > 1
    assert all(len(one) <= most for one in parts)
    shown = "".join(map(READ[kind], parts))
    assert all(f"alerts/{told.id}" in shown for told, _ in held)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((one, MessageRefused) for one in (400, 413, 422)),
        *((one, ChannelRefused) for one in (401, 403, 404)),
        *((one, ChannelAway) for one in (408, 429, 500, 503)),
    ],
)
@pytest.mark.parametrize("kind", ["slack", "tgram", "discord", "mmost", "teams", "json"])
def test_a_refusal_is_told_from_a_service_that_is_away(
    kind: str, status: int, verdict: type[Exception], service: Service
) -> None:
    service.status = status
    with pytest.raises((ChannelAway, ChannelRefused)) as found:
        asyncio.run(channel_of(kind).send(message_of("Kötü.")))
    assert found.type is verdict
    assert "Kötü" not in str(found.value)


def test_what_alertmanager_hands_on_is_one_line_and_no_markup() -> None:
    hostile = message_of(
        f"{PINGS} {LINKS}", customer_id="ali@ornek.com\n<!channel>", brand="@here", channel="[a](b)"
    )
    (post,) = posts(hostile, MONDAY_NOON)
    shown: Any = post
    assert shown["labels"]["customer_id"] == "ali@ornek.com ＜!channel＞"
    assert shown["labels"]["brand"] == "＠here"
    assert not set("<>[]") & set(shown["annotations"]["description"])
    assert not set("<>[]\n") & {sign for value in shown["labels"].values() for sign in value}
    assert LINK in shown["annotations"]["description"]
    assert shown["annotations"]["summary"] == "[yüksek] Ayrılmak istiyor"


def test_pagerduty_and_an_e_mail_have_one_line_where_one_line_is() -> None:
    hostile = message_of(
        "Kötü.", brand="Acme\u2028" * 200, titles={"tr": "Gitmek\r\nBcc: x@kotu.example"}
    )
    event: Any = event_of(hostile)
    assert len(event["payload"]["source"]) <= 255
    assert len(event["payload"]["summary"].splitlines()) == 1
    box = Mailbox("h", 25, "", "", "nabiz@example.com", ("a@example.com",), tls=False)
    email = to_email(hostile, box)
    assert email["Subject"] == "[yüksek] Gitmek Bcc: x@kotu.example"
    assert email["Bcc"] is None
