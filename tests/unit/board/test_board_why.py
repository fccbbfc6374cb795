"""The page that reads a text and says why."""

import re

import pytest

from pipeline.text.cues import LEXICON
from pipeline.text.topics import TAXONOMY
from tests.support.simulated_company import Company
from tests.unit.board.pages import Client, page


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


def test_why_quotes_the_turns_of_phrase_that_speak_for_a_label(client: Client) -> None:
    answer = client.post("/board/why", data={"text": "Ben hiçbir sorun yaşamadım"}).text
    title = re.escape(LEXICON.cues["denies_fault"].title.en)
    assert re.search(rf"<dt>{title}</dt>.*positive.*<bdi>sorun yaşamadım</bdi>", answer)


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
