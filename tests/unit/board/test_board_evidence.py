"""What was said, on the page of an alert."""

from pipeline.model.alert import Evidence
from tests.support.board_items import alert
from tests.support.simulated_company import Company
from tests.unit.board.pages import Client, page

REFUSED = Evidence("e5", "Temsilciye bağlayamıyorum.", 0, 26, turn=5)
ASKED = Evidence("e1", "Faturam yanlış.", 0, 15)


def test_a_quote_of_a_conversation_says_which_turn_it_is(client: Client, company: Company) -> None:
    company.happen([alert(evidence=(ASKED, REFUSED))])
    text = page(client, "/board/alerts/a1")
    assert text.count("of the conversation") == 1
    assert text.index("Temsilciye") < text.index("turn 5 of the conversation")


def test_what_two_alerts_of_a_case_quote_is_shown_once(client: Client, company: Company) -> None:
    company.happen([alert("a1", evidence=(ASKED, REFUSED)), alert("a2", 5, evidence=(REFUSED,))])
    shown = page(client, "/board/alerts/a1").partition("What was said")[2]
    assert shown.count("Temsilciye") == 1
