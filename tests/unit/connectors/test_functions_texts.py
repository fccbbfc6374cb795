"""HTML to text, and what an author wrote, as mappings call them."""

from pathlib import Path

import pytest
import yaml

from pipeline.connectors.functions.markup import html_text
from pipeline.connectors.functions.texts import own_words

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
