"""HTML to text, and what an author wrote, as mappings call them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.connectors.language.functions.automatic import auto_reply
from pipeline.connectors.language.functions.markup import html_text
from pipeline.connectors.language.functions.texts import original, own_words


def nested(parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3)


CASES = yaml.safe_load(Path(__file__).with_name("markup.yaml").read_text("utf-8"))


@pytest.mark.parametrize("text", ["", "a < b", "5 <6 & 7> 3", "Elif <elif@posta.example>\niyi"])
def test_text_without_mark_up_stays_as_it_is(text: str) -> None:
    assert html_text(text) == text


@pytest.mark.parametrize("case", CASES["seen"], ids=lambda case: case["text"])
def test_html_becomes_the_text_that_is_seen(case: dict[str, str]) -> None:
    assert html_text(case["html"]) == case["text"]


@pytest.mark.parametrize("client", CASES["quotations"])
def test_what_is_quoted_in_mark_up_is_left_out(client: str) -> None:
    quotation = CASES["quotations"][client]
    reply = f"<html><body><div>Hâlâ yatmadı.</div>{quotation}</body></html>"
    assert html_text(reply) == "Hâlâ yatmadı."


@pytest.mark.parametrize("client", CASES["quotations"])
def test_a_mail_that_only_forwards_keeps_what_it_forwards(client: str) -> None:
    assert "harika" in str(html_text(CASES["quotations"][client]))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "part", ["<div>", "<p>", "<b><p>", "<", "&", "<a ", "<pre>", "<br>", "<td>"]
)
def test_no_mark_up_takes_long(part: str) -> None:
    html_text(part * 50_000 + "<p>")


def test_own_words_are_what_the_author_wrote() -> None:
    header = "25 Kas 2026 Çar, 14:05 tarihinde Destek <d@x.example> şunu yazdı:"
    assert own_words(f"Param yatmadı.\r\n\r\n{header}\r\n> Harika.\r\n") == "Param yatmadı."
    assert own_words(" \n") is None
    assert own_words(f"\r\n{header}\r\n\r\n> Harika.\r\n> Sevgiler\r\n") is None
    assert own_words("> Bozuk geldi.\n> Paramı istiyorum.") is not None


@pytest.mark.parametrize(
    "text",
    [
        "(Translated by Google) Never again.\n\n(Original)\nBir daha asla.",
        "Bir daha asla.\n\n(Translated by Google)\nNever again.",
        "(Google tarafından çevrildi) Never again.\n\n(Orijinal)\nBir daha asla.",
        "Bir daha asla.\n\n(Google tarafından çevrildi)\nNever again.",
        "Bir daha asla.",
    ],
)
def test_the_original_is_what_google_did_not_translate(text: str) -> None:
    assert original(text) == "Bir daha asla."


def test_a_translation_alone_stays() -> None:
    assert "Never again." in original("(Translated by Google) Never again.")


@pytest.mark.parametrize(
    "mail",
    [
        {"Auto-Submitted": "auto-replied (vacation)"},
        [["Subject", "Merhaba"], ["X-Autoreply", "yes"]],
        [{"name": "Precedence", "value": "auto_reply"}],
        {"subject": ["Otomatik Yanıt: İzindeyim"]},
        '[["Auto-Submitted", "auto-generated"]]',
        "Received: from a\n by b\nReturn-Path: <>\nSubject: x",
        "OTOMATİK YANIT: İzindeyim",
        "Otomatik cevap",
        "Ofis dışında: Re: İade",
        "Ofis dışındayım",
        "Automatic reply: Refund",
        "[Auto-Reply] Refund",
        "Out of Office: Refund",
        "Out of the office",
        "Okundu: İade",
        "Teslim edilemedi: İade",
        "Undeliverable: Refund",
        "Mail delivery failed: returning message to sender",
        "Automatische Antwort: Geld",
    ],
)
def test_mail_of_machines_is_told(mail: object) -> None:
    assert auto_reply(mail)


@pytest.mark.parametrize(
    "mail",
    [
        "Re: İade [#4107]",
        "Otomatik yanıt almaktan bıktım",
        "Re: Automatic reply: Refund",
        "Out of office chairs again?",
        "Okundu ama cevap yok",
        {"Auto-Submitted": "no", "Precedence": "list", "Return-Path": "<a@posta.example>"},
        [["X-Autoreply", "no"], ["x"], 5, None],
        "{not JSON",
        "",
        [],
        7,
    ],
)
def test_mail_of_people_is_not_taken_for_a_machine(mail: object) -> None:
    assert auto_reply(mail) is None


@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), nested))
def test_no_header_is_too_strange(mail: object) -> None:
    auto_reply(mail)


@pytest.mark.parametrize("read", [html_text, own_words, original])
@pytest.mark.parametrize("value", [[], ["a"], {"a": 1}, True])
def test_what_nobody_writes_is_no_text(read: Callable[[object], object], value: object) -> None:
    with pytest.raises(ValueError, match="is no text"):
        read(value)
