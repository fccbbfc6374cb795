"""The pages of the board as a browser asks for them, over a company that is made up."""

import asyncio
import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from jinja2 import Environment, PackageLoader, nodes
from litestar import Litestar
from litestar.testing import TestClient

from pipeline.alert import Alert
from pipeline.api import service as service_module
from pipeline.api.access.accounts import Account, AccountBook, change_accounts
from pipeline.api.access.user import ROLES
from pipeline.board import stream as stream_module
from pipeline.board.live import KEPT, Live
from pipeline.board.multiples import SHOWN
from pipeline.board.stream import events
from pipeline.board.voice import texts
from pipeline.event import EventType
from pipeline.kpi import Facts, KpiValue, Window, kpi_values
from pipeline.notify.case import Case
from pipeline.notify.messages import link_to
from pipeline.setting_groups import NotifySettings
from pipeline.store import StoreUnavailable
from pipeline.text.topics import TAXONOMY
from tests.company import Company, app_of
from tests.unit.board import MINUTE, NOW, alert, follow_up
from tests.unit.customers import START, Customer, event, leaving, reading
from tests.unit.door import CHEAP, PASSWORD, log_in
from tests.unit.test_api import SEEN, FakePublisher, FakeStore, letter

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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> Company:
    return Company(clock)


Client = TestClient[Litestar]


@pytest.fixture
def client(company: Company) -> Iterator[Client]:
    with TestClient(app_of(company), raise_server_exceptions=True) as client:
        client.headers["accept-language"] = "en"
        yield client


def page(client: Client, address: str = "/board", status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def titles(text: str) -> list[str]:
    """The alerts that a page shows, in order, by their ids."""
    return re.findall(r'<article [^>]*data-id="([^"]+)"', text)


def press(client: Client, do: str, alert_id: str = "a1", **fields: str) -> Any:
    form = {"do": do, **fields}
    return client.post(f"/board/alerts/{alert_id}/actions", data=form, headers={"X-Board": "1"})


def test_the_bare_address_leads_to_the_inbox(client: Client, company: Company) -> None:
    company.happen([alert()])
    answer = client.get("/")
    assert (answer.url.path, titles(answer.text)) == ("/board", ["a1"])


def test_the_link_in_a_message_leads_to_the_page_of_its_alert(
    client: Client, company: Company
) -> None:
    company.happen([alert()])
    link = urlsplit(link_to(Case("a1", NOW), NotifySettings().board))
    assert titles(page(client, link.path)) == ["a1"]


def test_a_card_says_who_what_why_and_what_to_do(client: Client, company: Company) -> None:
    company.happen([alert(brand="Mavi Hat", segment="premium", channel="chat", severity="high")])
    text = page(client)
    for words in (
        "Customer intends to leave",
        "c1",
        "Mavi Hat",
        "premium",
        "chat",
        "Bir daha asla!",
        "50%",
        "100%",
        "retention team",
        "10 min ago",
        "50 min left",
        "Open",
        "Acknowledge",
        "Snooze",
        "Resolve",
    ):
        assert words in text, words
    assert "Informed" not in text.split("<dialog")[0]


def test_an_alert_without_words_says_so(client: Client, company: Company) -> None:
    company.happen([alert(quote="")])
    assert "The customer wrote nothing" in page(client)


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_others_wrote_stays_text(client: Client, company: Company, evil: str) -> None:
    fields = dict.fromkeys(("customer_id", "brand", "segment", "channel", "title", "cause"), evil)
    names = {"tr": evil, "en": evil}
    company.happen([alert(quote=f"x{evil}", titles=names, **fields)])
    press(client, "note", note=evil)
    for address in ("/board", "/board/alerts/a1", "/board?cause=" + evil[:3]):
        text = page(client, address)
        tags = re.findall(r"<[^<>]*>", text)
        shown = re.sub(r"<[^<>]*>", "", text)
        assert "<" not in shown
        assert "alert(1)" in html.unescape(shown) or "alert" not in evil
        assert "49" not in shown
        assert not set(shown) & set("\u202e\u2066\x00\x07")
        assert [one for one in tags if one.startswith("<script")] == [
            '<script type="module" src="/board/static/board.js">'
        ]
        unquoted = [re.sub(r'"[^"]*"', '""', one) for one in tags]
        assert not [one for one in unquoted if re.search(r"\son\w+=|^<img", one)]


def test_a_huge_text_is_cut(client: Client, company: Company) -> None:
    company.happen([alert(quote="çok uzun " * 2_000)])
    assert len(page(client)) < 20_000


def test_buttons_lead_through_the_stages(client: Client, company: Company, clock: Clock) -> None:
    company.happen([alert()])
    for do, fields, said, stage in (
        ("acknowledge", {}, "Acknowledged", "acknowledged"),
        ("contact", {}, "Contacted", "contacted"),
        ("resolve", {"outcome": "rescued", "note": "Ok"}, "Resolved", "resolved"),
        ("inform", {}, "Informed", "resolved"),
    ):
        clock.now += MINUTE
        answer = press(client, do, **fields)
        assert (answer.status_code, answer.json()) == (200, {"said": said})
        found = company.live.get("a1")
        assert found is not None
        assert found.stage == stage
    assert [one.by for one in company.done] == ["local"] * 4
    assert titles(page(client)) == []
    text = page(client, "/board?view=done")
    assert titles(text) == ["a1"]
    assert "Customer kept" in text


def test_a_snoozed_alert_comes_back(client: Client, company: Company, clock: Clock) -> None:
    company.happen([alert()])
    press(client, "snooze:30")
    assert titles(page(client)) == []
    assert titles(page(client, "/board?view=snoozed")) == ["a1"]
    clock.now += 31 * MINUTE
    assert titles(page(client)) == ["a1"]


def test_an_action_can_be_taken_back(client: Client, company: Company, clock: Clock) -> None:
    company.happen([alert()])
    press(client, "acknowledge")
    clock.now += MINUTE
    (undo,) = re.findall(r'value="(undo:[^"]+)"', page(client))
    assert press(client, undo).status_code == 200
    found = company.live.get("a1")
    assert found is not None
    assert (found.stage, found.owner) == ("open", None)
    assert "undo:" not in page(client)


def test_who_presses_on_an_old_page_is_told_what_happened_meanwhile(
    client: Client, company: Company
) -> None:
    company.happen([alert()])
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', page(client))
    assert press(client, "acknowledge", seen=seen).status_code == 200
    answer = press(client, "acknowledge", seen=seen)
    assert answer.status_code == 409
    assert "Acknowledged, local" in answer.json()["said"]
    assert len(company.done) == 1
    assert press(client, "contact", seen=answer.json()["seen"]).status_code == 200


@pytest.mark.parametrize(
    ("do", "alert_id", "status", "said"),
    [
        ("burn", "a1", 400, "There is no such action."),
        ("note", "a1", 400, "The note is empty."),
        ("acknowledge", "nobody", 404, "There is no such alert."),
    ],
)
def test_what_cannot_be_done_is_said(
    client: Client, company: Company, do: str, alert_id: str, status: int, said: str
) -> None:
    company.happen([alert()])
    answer = press(client, do, alert_id)
    assert (answer.status_code, answer.json()["said"]) == (status, said)
    form = client.post(f"/board/alerts/{alert_id}/actions", data={"do": do})
    assert form.status_code == status
    assert said in html.unescape(form.text)


def test_without_scripts_a_button_leads_back_to_the_page_and_nowhere_else(
    client: Client, company: Company
) -> None:
    company.happen([alert()])
    client.follow_redirects = False
    for back, to in (("/board?view=mine", "/board?view=mine"), ("https://evil.example/", "/")):
        form = {"do": "contact", "back": back}
        answer = client.post("/board/alerts/a1/actions", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, to)


def test_the_history_of_an_alert(client: Client, company: Company, clock: Clock) -> None:
    company.happen([alert(minutes_ago=300)])
    press(client, "assign")
    clock.now += MINUTE
    press(client, "resolve", outcome="lost", note="Gitti.")
    text = page(client, "/board/alerts/a1")
    found = re.findall(r"<li><time[^>]*>([^<]*)</time> <span>([^<]*)", text)
    assert [(at, what.strip(" –")) for at, what in found] == [
        ("15:01", "Resolved: Customer lost"),
        ("15:00", "Assigned: local"),
        ("14:00", "SLA missed: contact"),
        ("11:00", "SLA missed: acknowledge"),
        ("10:00", "Opened"),
    ]
    assert "Gitti." in text


def test_an_alert_that_left_the_inbox_is_found_in_the_store(
    client: Client, company: Company
) -> None:
    long_ago = 9 * KEPT / MINUTE
    company.happen([alert(minutes_ago=long_ago, state="resolved", closed_at=NOW - 9 * KEPT)])
    company.live.forget(NOW)
    assert company.live.get("a1") is None
    assert "Customer intends to leave" in page(client, "/board/alerts/a1")
    assert "There is no such alert." in page(client, "/board/alerts/a2", 404)


def test_the_language_is_that_of_the_browser_until_another_is_chosen(client: Client) -> None:
    assert '<html lang="en">' in page(client)
    client.headers["accept-language"] = "tr-TR,tr;q=0.9"
    assert '<html lang="tr">' in page(client)
    assert 'href="?view=mine&amp;lang=en"' in page(client, "/board?view=mine")
    assert '<html lang="en">' in page(client, "/board?view=mine&lang=en")
    assert '<html lang="en">' in page(client)


def test_files_are_loaded_once_and_asked_for_again_by_their_tag(client: Client) -> None:
    first = client.get("/board/static/board.css")
    assert first.headers["content-type"] == "text/css; charset=utf-8"
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get("/board/static/board.css", headers=tag).status_code == 304
    assert client.get("/board/static/../inbox.py").status_code == 404


def book(folder: Path) -> AccountBook:
    hashed = CHEAP.hash(PASSWORD)
    change_accounts(folder / "u", lambda _: {one: Account(one, one, hashed) for one in ROLES})
    return AccountBook(folder / "u")


def test_a_viewer_sees_no_buttons_and_may_not_act(company: Company, tmp_path: Path) -> None:
    company.happen([alert()])
    app = app_of(company, book=book(tmp_path), passwords=CHEAP)
    with TestClient(app) as client:
        assert client.get("/board", headers={"accept": "text/html"}).url.path == "/login"
        assert client.get("/board/static/board.css").status_code == 200
        log_in(client, "viewer")
        text = page(client)
        assert titles(text) == ["a1"]
        assert "<button name=" not in text
        token = re.findall(r'data-csrf="([^"]+)"', text)[0]
        assert press(client, "contact", csrf_token=token).status_code == 403
    assert company.done == []


def test_an_agent_acts_with_the_token_of_the_page_and_it_is_noted(
    company: Company, tmp_path: Path
) -> None:
    company.happen([alert()])
    app = app_of(company, book=book(tmp_path), passwords=CHEAP)
    with TestClient(app) as client:
        log_in(client, "agent")
        (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page(client)))
        assert press(client, "contact").status_code == 403
        assert press(client, "contact", csrf_token=token).status_code == 200
        page(client, "/board/alerts/a1")
        client.app.state.access._trail.flush()
    assert [one.by for one in company.done] == ["agent"]
    noted = [(one.what, one.status, one.customer_id, one.alert_id) for one in company.noted]
    assert noted[-2:] == [("alert.contact", 200, "c1", "a1"), ("alert.viewed", 200, "c1", "a1")]


class Reader:
    """Reads a stream of the cards of all alerts."""

    def __init__(self, live: Live, after: str = "") -> None:
        self.allowed = True
        self.stream = events(
            live,
            lambda: (live.ranked(NOW), {"views": str(len(live.ranked(NOW)))}),
            lambda item: f"{item.alert.id}/{item.alert.revision}",
            lambda: self.allowed,
            after,
        )

    async def next(self) -> tuple[str | None, Any]:
        """Return the next event that is no comment."""
        message = await asyncio.wait_for(anext(self.stream), 5)
        while message.event is None:
            message = await asyncio.wait_for(anext(self.stream), 5)
        data = message.data if isinstance(message.data, str) else ""
        return message.event, msgspec.json.decode(data) if data.startswith("{") else data


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "GATHER", 0.0)
    monkeypatch.setattr(stream_module, "HEARTBEAT", 0.01)


@pytest.mark.usefixtures("_quick")
async def test_a_stream_brings_what_the_page_has_not() -> None:
    live = Live()
    live.take([alert("a")])
    reader = Reader(live, after=live.version)
    assert (await reader.next())[0] == "ready"
    live.take([alert("b", risk=0.9)])
    assert await reader.next() == (
        "change",
        {"order": ["b", "a"], "cards": {"b": "b/1"}, "parts": {"views": "2"}},
    )
    live.take([alert("a", revision=2, state="resolved")])
    _, change = await reader.next()
    assert (change["order"], change["cards"]) == (["b", "a"], {"a": "a/2"})


@pytest.mark.usefixtures("_quick")
async def test_a_stream_brings_all_to_a_page_that_is_older() -> None:
    live = Live()
    live.take([alert("a")])
    version = live.version
    live.take([alert("a", revision=2)])
    reader = Reader(live, after=version)
    await reader.next()
    assert (await reader.next())[1]["cards"] == {"a": "a/2"}


@pytest.mark.usefixtures("_quick")
async def test_a_stream_ends_with_the_login() -> None:
    reader = Reader(Live())
    await reader.next()
    reader.allowed = False
    assert (await reader.next())[0] == "login"


def test_both_languages_say_everything_with_the_same_values() -> None:
    turkish, english = texts("tr"), texts("en")
    assert turkish.keys() == english.keys()
    for key in turkish:
        values = [sorted(re.findall(r"{(\w+)}", one[key])) for one in (turkish, english)]
        assert values[0] == values[1], key


def test_every_text_that_a_template_names_is_there() -> None:
    environment = Environment(loader=PackageLoader("pipeline.board"))
    named = set()
    for name in environment.list_templates():
        source = environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
        for call in environment.parse(source).find_all(nodes.Call):
            if getattr(call.node, "name", "") == "t" and isinstance(call.args[0], nodes.Const):
                named.add(call.args[0].value)
    assert len(named) > 40
    assert named <= texts("en").keys()


def test_follow_ups_of_alerts_that_are_not_there_yet_wait(company: Company) -> None:
    late: Alert = alert("late")
    company.live.take(follow_ups=[follow_up(late, stage="acknowledged", revision=3)])
    assert company.live.get("late") is None
    company.live.take([late])
    found = company.live.get("late")
    assert found is not None
    assert found.stage == "acknowledged"


def test_a_customer_has_a_timeline_alerts_and_a_course_of_risk_and_the_look_is_noted(
    client: Client, company: Company
) -> None:
    company.clock.now = START + timedelta(days=1)  # type: ignore[attr-defined]
    customer = Customer()
    event = leaving("e1", 1, customer_id="c/1")
    company.events["c/1"] = [event]
    company.happen(customer.receive(event))
    press(client, "contact", next(iter(company.known)), note="Aradım")
    text = page(client, "/board/customers/c/1")
    for words in (
        "c/1",
        "<mark>Bir daha almam</mark>",
        "negative",
        "Message",
        "Contacted",
        "Aradım",
    ):
        assert words in text, words
    assert "Course of the risk: " in text
    assert "Nothing is known" in page(client, "/board/customers/nobody", 404)
    client.app.state.access._trail.flush()
    looks = [(one.what, one.customer_id, one.status) for one in company.noted[-2:]]
    assert looks == [("customer.viewed", "c/1", 200), ("customer.viewed", "nobody", 404)]


def test_a_customer_of_hostile_words(client: Client, company: Company) -> None:
    company.events["c1"] = [
        event(f"e{n}", EventType.MESSAGE, n, reading("negative"), **dict.fromkeys(FIELDS, evil))
        for n, evil in enumerate((*HOSTILE, "uzun " * 4_000))
    ]
    text = page(client, "/board/customers/c1")
    assert text.count("<script") == 1
    assert "<img" not in text
    assert "49" not in re.sub("<[^>]*>", "", text)
    assert "Show all of it" in text


FIELDS = ("text", "title", "channel", "brand", "segment", "ticket_id", "order_id", "product")


@pytest.mark.parametrize(("language", "place"), [("en", 0), ("tr", 1)])
def test_why_calls_a_topic_what_the_taxonomy_calls_it(
    client: Client, language: str, place: int
) -> None:
    words = {"text": "Hesabıma giremiyorum, kargo da gelmedi"}
    answer = client.post(f"/board/why?lang={language}", data=words).text
    for name in ("account_access", "delivery"):
        title = TAXONOMY.topics[name].title
        both = (title.en, title.tr)
        assert both[place] in answer
        assert both[1 - place] not in answer


def test_why_explains_a_text_masks_it_and_stores_nothing(client: Client, company: Company) -> None:
    assert "Nothing is stored" in page(client, "/board/why")
    words = "Bir daha almam sizden! <b>0532 111 22 33</b>"
    answer = client.post("/board/why", data={"text": words})
    text = answer.text
    assert answer.status_code == 200
    assert re.search(r'<span class="(strong|weak)">almam</span>', text)
    assert "negative" in text
    assert "Customer intends to leave" in text
    shown = text.split("</form>")[-1]
    assert "[PHONE" in shown
    assert "0532" not in shown
    assert "<b>05" not in text
    assert client.post("/board/why", data={"text": " "}).status_code == 200
    assert client.post("/board/why", data={"text": "ə" * 9_000}).status_code == 200
    assert company.done == []


def test_health_says_who_is_behind_and_sends_dead_letters_again(
    company: Company, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FakeStore()
    store.letters = [letter(1, sentence="<script>")]
    late = msgspec.structs.replace(SEEN, lag_seconds=60.0, role="record", lag_events=12_345)
    app = app_of(company, store=store, partitions=[SEEN, late])
    monkeypatch.setattr(service_module, "Publisher", FakePublisher)
    with TestClient(app) as client:
        client.headers["accept-language"] = "en"
        text = page(client, "/board/health")
        rows = re.findall(r'<th scope="row">(\w+)</th>\n<td><span class="\w+">(\w+)<', text)
        assert rows == [("detect", "fine"), ("record", "behind")]
        assert "12,345" in text
        assert "&lt;script&gt;" in text
        answer = client.post("/board/health/retry", data={"reason": "not_json"})
        assert answer.url.path == "/board/health"
        assert "1 were sent again, 0 left" in answer.text
        store.fault = StoreUnavailable("the disk is gone")
        assert "the disk is gone" in page(client, "/board/health")


def test_only_an_admin_sends_dead_letters_again(company: Company, tmp_path: Path) -> None:
    app = app_of(company, store=FakeStore(), book=book(tmp_path), passwords=CHEAP)
    with TestClient(app) as client:
        log_in(client, "agent")
        text = page(client, "/board/health")
        assert "/board/health/retry" not in text
        token = re.findall(r'data-csrf="([^"]+)"', text)[0]
        form = {"reason": "not_json", "csrf_token": token}
        assert client.post("/board/health/retry", data=form).status_code == 403


class Kpis(FakeStore):
    """Has KPIs of every window, or is away."""

    def kpis(self, window: Window, by: Any, as_of: datetime) -> list[KpiValue]:
        if self.fault:
            raise self.fault
        self.asked.setdefault("windows", []).append(window)
        counts = {"csat_answers": 100, "csat_satisfied": 80}
        return kpi_values(Facts(counts=counts), {}, window, as_of)


def test_pulse_shows_the_kpis_of_the_range_in_the_address(company: Company, clock: Clock) -> None:
    store = Kpis()
    with TestClient(app_of(company, store=store)) as client:
        client.headers["accept-language"] = "en"
        text = page(client, "/board/pulse?range=7d")
        assert 'aria-current="page">7 days' in text
        assert "80.0%" in text
        assert "Not enough data" in text
        assert text.count("(so far)") == text.count("<table>") == len(SHOWN)
        asked = store.asked["windows"]
        assert len(asked) == len({(one.start, one.end) for one in asked}) == 16
        page(client, "/board/pulse?range=7d")
        assert len(asked) == 18, "what has ended is remembered"
        clock.now += timedelta(minutes=2)
        page(client, "/board/pulse?range=7d")
        assert len(asked) == 34, "for a while"
        assert 'aria-current="page">24 hours' in page(client, "/board/pulse?range=x")
        store.fault = StoreUnavailable("the disk is gone")
        assert "the disk is gone" in page(client, "/board/pulse?range=6h", 503)
