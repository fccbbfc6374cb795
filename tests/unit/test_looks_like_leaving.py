"""What looks like leaving relieves of no risk: pages, searches, questions, help that failed."""

import pytest
from msgspec.structs import replace

from pipeline.detection.customer import risk_at
from pipeline.detection.entry import entry_of
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.customers import RULES, SETTINGS, START, Customer, event, leaving

READER = Reader(load_engine("fast"))
DAY = 24
PAGES = [
    "Numara taşıma",
    "hesap kapatma",
    "abonelik iptali",
    "Üyeliğimi sonlandır",
    "cayma bedeli hesapla",
    "kredi kartı iptal formu",
    "sözleşme feshi",
    "cancel subscription",
    "Close my account",
    "early termination fee",
    "port-out",
    "/numara-tasima",
    "/hat-tasima/basvuru",
    "https://example.com/hesabim/hesabimi-sil?step=2",
    "/account/delete-account",
    "/help/how-to-cancel-your-plan",
    "account_closure",
]
OTHERS = [
    "fatura",
    "Hesabım",
    "kredi kartı başvurusu",
    "hat açma",
    "sipariş iptali",
    "cancel order",
    "/account/settings",
    "internet paketleri",
    "support",
    "üyelik oluştur",
    "/portal/numbers",
    "önemli kapanış saatleri",
]
QUESTIONS = [
    "Aboneliğimi nasıl sonlandırabilirim?",
    "Hesabımı nereden kapatabilirim?",
    "Üyeliğimi nasıl iptal ederim",
    "sözleşmemi ne zaman feshedebilirim",
    "hat iptali için ne gerekiyor",
    "How do I leave your network?",
    "taahhütten nasıl çıkılır",
    "abonelik iptal işlemi",
    "how to cancel my subscription",
    "close my account",
]


def risk_after(later: Scored) -> float:
    customer = Customer()
    customer.receive(leaving("e", 0), later)
    return risk_at(customer.state, START, SETTINGS)[0]


THREAT = risk_after(event("o", EventType.OFFER_SHOWN, DAY))


def asked(type_: EventType, text: str) -> Scored:
    told = replace(event("q", type_, 7 * DAY).event, text=text)
    (reading,) = READER.read_events([told])
    return Scored(told, reading, told.occurred_at)


@pytest.mark.parametrize("named", ["touchpoint", "page", "url"])
@pytest.mark.parametrize("type_", [EventType.VISIT, EventType.SELF_SERVICE_VIEWED])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_about_leaving_raises_the_risk(page: str, type_: EventType, named: str) -> None:
    fields = {"touchpoint": page} if named == "touchpoint" else {"attributes": {named: page}}
    assert risk_after(event("v", type_, 7 * DAY, **fields)) > THREAT


@pytest.mark.parametrize("page", OTHERS)
def test_another_page_is_ordinary_life(page: str) -> None:
    assert risk_after(event("v", EventType.VISIT, 7 * DAY, touchpoint=page)) < THREAT


@pytest.mark.parametrize(
    "type_", [EventType.MESSAGE, EventType.SELF_SERVICE_SEARCHED, EventType.SELF_SERVICE_RESOLVED]
)
@pytest.mark.parametrize("text", QUESTIONS)
def test_who_asks_how_to_leave_is_at_no_lower_risk(text: str, type_: EventType) -> None:
    assert risk_after(asked(type_, text)) >= THREAT


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_search_for_how_to_leave_raises_the_risk(text: str) -> None:
    assert risk_after(asked(EventType.SELF_SERVICE_SEARCHED, text)) > THREAT


@pytest.mark.parametrize(("helpful", "relieves"), [(True, True), (False, False), (None, True)])
def test_help_that_did_not_help_relieves_of_nothing(helpful: bool | None, relieves: bool) -> None:
    voted = event("k", EventType.KB_VOTED, 7 * DAY, attributes={"helpful": helpful})
    assert (risk_after(voted) < THREAT) == relieves


def test_a_page_is_told_of_no_other_event() -> None:
    other = event("o", EventType.ORDER_PLACED, 0, touchpoint="hesap kapatma")
    assert not entry_of(other, RULES.attributes).about_leaving
