"""The pages of alerts as a browser asks for them, over a company that is made up."""

import html
import re
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from pipeline.board.inbox.live import KEPT
from pipeline.board.localizer import Localizer
from pipeline.config.groups import NotifySettings
from pipeline.model.alert import Evidence
from pipeline.notify.messages import link_to
from pipeline.notify.thread import Thread
from pipeline.store import StoreUnavailable
from tests.support.board_items import MINUTE, NOW, alert
from tests.support.simulated_company import Company
from tests.unit.board.pages import HOSTILE, Client, Clock, page, press, titles


def test_the_bare_address_leads_to_the_inbox(client: Client, company: Company) -> None:
    company.happen([alert()])
    answer = client.get("/")
    assert (answer.url.path, titles(answer.text)) == ("/board", ["a1"])


def test_the_link_in_a_message_leads_to_the_page_of_its_alert(
    client: Client, company: Company
) -> None:
    company.happen([alert()])
    link = urlsplit(link_to(Thread("a1", NOW), NotifySettings().board))
    assert titles(page(client, link.path)) == ["a1"]


def test_a_card_says_who_what_why_and_what_to_do(client: Client, company: Company) -> None:
    company.happen([alert(brand="Mavi Hat", segment="premium", channel="chat", severity="high")])
    text = page(client)
    for words in (
        "Wants to leave",
        "c1",
        "Mavi Hat",
        "premium",
        "chat",
        "Bir daha asla!",
        "score 50",
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


def test_the_card_of_a_customer_in_danger_says_so_and_nothing_of_losing_them(
    client: Client, company: Company
) -> None:
    company.happen([alert(in_danger=True)])
    card = page(client).split('<ol class="cards"')[1]
    assert "In danger" in card
    assert "Risk of losing them" not in card
    assert titles(page(client, "/board?view=danger")) == ["a1"]


def test_all_causes_of_a_customer_are_on_one_card_with_one_set_of_buttons(
    client: Client, company: Company
) -> None:
    late = {"tr": "Geç teslimat", "en": "Late delivery"}
    company.happen(
        [alert("a1", severity="critical"), alert("a2", 5, titles=late, quote="Hâlâ gelmedi!")]
    )
    text = page(client)
    assert titles(text) == ["a1"]
    assert text.count('value="acknowledge"') == 1
    assert "Late delivery" in text
    assert "Hâlâ gelmedi!" in text
    press(client, "acknowledge", "a2")
    (done,) = company.done
    assert done.alert_id == company.cases()[0].case_id
    found = re.findall(
        r"<li><time[^>]*>[^<]*</time> <span>([^<]*)", page(client, "/board/alerts/a2")
    )
    assert [what.strip(" –") for what in found] == [
        "Acknowledged",
        "Late delivery: Opened",
        "Wants to leave: Opened",
    ]


def test_after_a_contact_the_card_says_when_the_next_may_come(
    client: Client, company: Company
) -> None:
    company.happen([alert()])
    press(client, "contact")
    assert "no further call before 3 Mar 15:00" in page(client)


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
        ("14:00", "Not contacted in time"),
        ("11:00", "Not acknowledged in time"),
        ("10:00", "Opened"),
    ]
    assert "Gitti." in text


NEWS = (Evidence("e1", "Bir daha asla!", 0, 14), Evidence("e2", "Yine aynı!", 0, 10))


def test_an_alert_that_came_back_says_so_and_when(
    client: Client, company: Company, clock: Clock
) -> None:
    company.happen([alert()])
    press(client, "resolve", outcome="no_fault")
    assert "Reopened" not in page(client, "/board/alerts/a1")
    clock.now += 30 * MINUTE
    company.happen([alert(revision=2, updated_at=clock.now, evidence=NEWS)])
    text = page(client, "/board/alerts/a1")
    assert "Reopened 15:30 on new evidence" in text
    assert "It was resolved; new evidence reopened it" in text
    assert "15:30 yeni kanıtla yeniden açıldı" in page(client, "/board?lang=tr")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"state": "resolved", "ending": {"tr": "Kesinti bitti", "en": "The outage is over"}},
            {"tr": "Kendiliğinden kapandı", "en": "Ended by itself"},
        ),
        (
            {"state": "withdrawn", "ending": {"tr": "Kural değişti", "en": "The rule changed"}},
            {"tr": "Geri çekildi", "en": "Withdrawn"},
        ),
    ],
)
def test_how_and_why_an_alert_ended_stands_on_its_card(
    client: Client, company: Company, fields: dict[str, Any], words: dict[str, str]
) -> None:
    company.happen([alert(), alert(revision=2, closed_at=NOW, **fields)])
    for language, how in words.items():
        why = fields["ending"][language]
        text = page(client, f"/board/alerts/a1?lang={language}")
        card, history = text.split('<ol class="history">')
        assert how in card
        assert why in card
        assert f"{how}: {why}" in history


def test_that_a_score_contradicts_the_words_stands_on_the_card(
    client: Client, company: Company
) -> None:
    remark = {"tr": "3 puan verdi ama sözleri övüyor", "en": "Gave 3, yet the words praise"}
    company.happen([alert(remark=remark)])
    for language, words in remark.items():
        assert words in page(client, f"/board?lang={language}")
        assert words in page(client, f"/board/alerts/a1?lang={language}")


def test_the_page_of_an_alert_needs_no_store(
    client: Client, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.happen([alert()])

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(company, "timeline", away)
    assert "Bir daha asla!" in page(client, "/board/alerts/a1")


def test_what_is_in_hand_stays_on_the_board_when_its_cause_ends(
    client: Client, company: Company
) -> None:
    company.happen([alert()])
    press(client, "assign")
    ending = {"tr": "Kesinti bitti", "en": "The outage is over"}
    company.happen([alert(revision=2, state="resolved", closed_at=NOW, ending=ending)])
    text = page(client, "/board/alerts/a1")
    assert "The cause has ended; \u2068local\u2069 has it in hand" in text
    assert "The cause has ended: The outage is over" in text
    assert "Ended by itself" not in text
    assert "Nedeni ortadan kalktı, \u2068local\u2069 ilgileniyor" in page(client, "/board?lang=tr")


def test_an_alert_that_left_the_inbox_is_found_in_the_store(
    client: Client, company: Company
) -> None:
    long_ago = 9 * KEPT / MINUTE
    company.happen([alert(minutes_ago=long_ago, state="resolved", closed_at=NOW - 9 * KEPT)])
    company.live.forget(NOW)
    assert company.live.get("a1") is None
    assert "Wants to leave" in page(client, "/board/alerts/a1")
    assert "There is no such alert." in page(client, "/board/alerts/a2", 404)


def test_the_language_is_that_of_the_browser_until_another_is_chosen(client: Client) -> None:
    assert '<html lang="en">' in page(client)
    client.headers["accept-language"] = "tr-TR,tr;q=0.9"
    assert '<html lang="tr">' in page(client)
    assert 'href="?view=mine&amp;lang=en"' in page(client, "/board?view=mine")
    assert '<html lang="en">' in page(client, "/board?view=mine&lang=en")
    assert '<html lang="en">' in page(client)


def test_channels_have_names_and_unknown_ones_stay(client: Client, company: Company) -> None:
    company.happen(
        [alert("a1", 11, channel="call"), alert("a2", channel="bayi_hattı", customer_id="c2")]
    )
    assert re.findall(
        r'class="place">(?:<bdi>[^<]*</bdi> · )*<bdi>([^<]*)</bdi>', page(client)
    ) == [
        "Phone",
        "bayi_hattı",
    ]
    turkish = page(client, "/board?lang=tr")
    assert '<option value="call">Telefon</option>' in turkish
    assert '<option value="bayi_hattı">bayi_hattı</option>' in turkish


def test_every_page_says_in_which_zone_its_times_are(client: Client) -> None:
    assert "Times: Istanbul (UTC+3)" in page(client)
    assert "Saatler: İstanbul (UTC+3)" in page(client, "/board/why?lang=tr")


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [("en", 1, "1 deadline missed"), ("en", 2, "2 deadlines missed"), ("tr", 2, "2 süre aşıldı")],
)
def test_nouns_agree_with_their_number(language: str, number: int, said: str) -> None:
    say = Localizer(language, ZoneInfo("Asia/Kolkata"), NOW)
    assert say.counted("card.escalated", number) == said
    assert say.zone == "Kolkata (UTC+5:30)"


def test_each_style_sheet_of_a_page_is_served(client: Client) -> None:
    sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', client.get("/board").text)
    assert len(sheets) == 2
    for sheet in sheets:
        assert client.get(sheet).headers["content-type"] == "text/css; charset=utf-8"


def test_files_are_loaded_once_and_asked_for_again_by_their_tag(client: Client) -> None:
    first = client.get("/board/static/board.css")
    assert first.headers["content-type"] == "text/css; charset=utf-8"
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get("/board/static/board.css", headers=tag).status_code == 304
    assert client.get("/board/static/../inbox.py").status_code == 404
