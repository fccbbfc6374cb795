"""What a low score without a reason speaks of, and a good score whose words complain."""

import pytest
from msgspec.structs import replace

from pipeline.detection.entry import entry_of
from pipeline.detection.said import says_why
from pipeline.model.alert import Alert, weightiest_quote
from pipeline.model.event import AuthorType, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.customers import Customer, delivered, event, promised

READER = Reader(load_engine("fast"))
COMPLAINT = "Modemim bozuldu, üç gündür internet yok."
PRAISE = "Kurye çok kibardı."
DAY = 24
SAYS_NOTHING = [
    ":(",
    ".",
    "-",
    "😡",
    "Yorum yok",
    "yorumum yok.",
    "Söyleyecek bir şeyim yok",
    "Eklemek istediğim bir şey yok",
    "yok",
    "no comment",
    "No further comments.",
    "nothing to add",
    "I don't have any comments",
    "n/a",
]


def read(scored: Scored, text: str) -> Scored:
    told = replace(scored.event, text=text)
    (reading,) = READER.read_events([told])
    return replace(scored, event=told, reading=reading)


def wrote(name: str, hours: float, **fields: object) -> Scored:
    return read(event(name, EventType.MESSAGE, hours, **fields), COMPLAINT)


def rated(hours: float, value: float, text: str = "", **fields: object) -> Scored:
    score = Score(Metric.NPS, value, 0, 10)
    survey = event("s", EventType.SURVEY, hours, score=score, channel="survey", **fields)
    return read(survey, text) if text else survey


def alert_of(cause: str, *events: Scored) -> Alert:
    customer = Customer()
    customer.receive(*events)
    return next(one for one in customer.alerts().values() if one.cause == cause)


@pytest.mark.parametrize("text", SAYS_NOTHING)
def test_an_answer_that_says_nothing_is_quoted_by_no_alert_that_knows_why(text: str) -> None:
    score = rated(48, 1, text, ticket_id="T1")
    alert = alert_of("dissatisfied_score", wrote("e1", 0, ticket_id="T1"), score)
    assert [one.quote for one in alert.evidence] == [COMPLAINT, ""]
    assert weightiest_quote(alert) == COMPLAINT
    assert alert.said_beside("en").endswith("what the customer said before")


@pytest.mark.parametrize(
    "text", ["Kargom gelmedi", "Faturam yanlış", "Üç gün beklettiniz", "No refund yet", COMPLAINT]
)
def test_words_that_give_a_reason_are_quoted_alone(text: str) -> None:
    score = rated(48, 1, text, ticket_id="T1")
    assert says_why(entry_of(score))
    alert = alert_of("dissatisfied_score", wrote("e1", 0, ticket_id="T1"), score)
    assert [one.event_id for one in alert.evidence] == ["s"]


@pytest.mark.parametrize("named", [{"ticket_id": "T1"}, {"order_id": "O7"}])
def test_what_a_score_names_is_cited_however_old(named: dict[str, str]) -> None:
    events = [wrote("e1", 0, **named), wrote("e2", 30 * DAY), rated(40 * DAY, 2, **named)]
    alert = alert_of("dissatisfied_score", *events)
    assert [one.event_id for one in alert.evidence] == ["e1", "s"]


@pytest.mark.parametrize("text", ["", ":(", PRAISE])
@pytest.mark.parametrize("named", [{}, {"order_id": "O1"}])
def test_a_score_after_a_late_order_points_to_it(text: str, named: dict[str, str]) -> None:
    late = [promised("p", 0, 24), delivered("d", 72)]
    alert = alert_of("dissatisfied_score", *late, rated(96, 3, text, **named))
    assert [one.event_id for one in alert.evidence] == ["d", "s"]
    assert alert.said_beside("en").endswith("before it an order came late")
    assert alert.said_beside("tr").endswith("öncesinde siparişi geç geldi")


def test_an_order_in_time_and_what_the_customer_cancelled_are_no_reason() -> None:
    orders = [
        promised("p", 0, 24),
        delivered("d", 20),
        event("c", EventType.ORDER_CANCELLED, 30, author_type=AuthorType.CUSTOMER, order_id="O2"),
    ]
    alert = alert_of("dissatisfied_score", *orders, rated(96, 3, PRAISE))
    assert [one.event_id for one in alert.evidence] == ["s"]
    assert alert.said_beside("en") == "Gave 3, yet the words praise"


def test_the_complaint_tells_more_than_what_went_wrong() -> None:
    late = [promised("p", 0, 24), delivered("d", 72), wrote("e1", 73)]
    alert = alert_of("dissatisfied_score", *late, rated(96, 3))
    assert [one.event_id for one in alert.evidence] == ["e1", "s"]


@pytest.mark.parametrize(
    "text",
    [
        "Ürün bozuk geldi, param iade edilmedi, bir aydır uğraşıyorum.",
        "The product broke after a day and nobody refunds me.",
        "Kargo iki hafta gecikti, paket ezilmişti, kimse ilgilenmedi.",
        "My bill was wrong twice and support never answered.",
    ],
)
def test_a_good_score_whose_words_complain_rings_and_says_so(text: str) -> None:
    alert = alert_of("score_against_words", rated(0, 10, text))
    assert alert.said_beside("en") == "Gave 10, yet the words find fault"
    assert text.startswith(weightiest_quote(alert)[:20])


@pytest.mark.parametrize("text", ["", PRAISE, "Her şey harikaydı, teşekkürler", "Great service!"])
def test_a_good_score_that_praises_rings_nobody(text: str) -> None:
    customer = Customer()
    customer.receive(rated(0, 10, text))
    assert customer.alerts() == {}
