"""The proof of an alert on a low score: never praise, and a reason where there was one."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.model.alert import Alert, weightiest_quote
from pipeline.model.event import Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.customers import Customer, event

READER = Reader(load_engine("fast"))
COMPLAINT = "İki yıldır müşterinizim. Faturam iki kat geldi ve kimse düzeltmiyor, rezalet!"
REASON = "Faturam iki kat geldi ve kimse düzeltmiyor, rezalet!"
PRAISE = "Şubedeki personel çok ilgiliydi, hepsine çok teşekkür ederim. Harikasınız!"


def read(scored: Scored, text: str) -> Scored:
    told = replace(scored.event, text=text)
    (reading,) = READER.read_events([told])
    return replace(scored, event=told, reading=reading)


def wrote(name: str, hours: float, text: str, **fields: object) -> Scored:
    return read(event(name, EventType.MESSAGE, hours, **fields), text)


def rated(name: str, hours: float, value: float, text: str = "", **fields: object) -> Scored:
    score = Score(Metric.NPS, value, 0, 10)
    survey = event(name, EventType.SURVEY, hours, score=score, channel="survey", **fields)
    return read(survey, text) if text else survey


def low_score(*events: Scored) -> Alert:
    customer = Customer()
    customer.receive(*events)
    return next(one for one in customer.alerts().values() if one.cause == "dissatisfied_score")


def test_a_score_without_words_cites_the_complaint_of_its_ticket_and_says_so() -> None:
    alert = low_score(wrote("e1", 0, COMPLAINT, ticket_id="T1"), rated("s1", 48, 2, ticket_id="T1"))
    assert [(one.event_id, one.quote) for one in alert.evidence] == [("e1", REASON), ("s1", "")]
    assert weightiest_quote(alert) == REASON
    assert alert.topics == ("billing",)
    assert alert.said_beside("tr") == (
        "2 puanın yanında gerekçe yok; alıntı, müşterinin daha önce yazdıklarından"
    )
    assert "what the customer said before" in alert.said_beside("en")


def test_the_complaint_is_still_cited_when_it_has_left_the_log() -> None:
    visits = [event(f"v{n}", EventType.VISIT, 1 + n / 10) for n in range(60)]
    alert = low_score(wrote("e1", 0, COMPLAINT), *visits, rated("s1", 200, 2))
    assert weightiest_quote(alert) == REASON


def test_a_low_score_that_praises_says_so_and_never_quotes_the_praise() -> None:
    alert = low_score(rated("s1", 0, 3, PRAISE))
    assert [one.quote for one in alert.evidence] == [""]
    assert alert.said_beside("tr") == "3 puan verdi ama sözleri övüyor"
    assert alert.said_beside("en") == "Gave 3, yet the words praise"


def test_a_low_score_that_praises_after_a_complaint_says_both() -> None:
    alert = low_score(wrote("e1", 0, COMPLAINT), rated("s1", 24, 6.5, PRAISE))
    assert weightiest_quote(alert) == REASON
    assert alert.said_beside("tr").startswith("6,5 puan verdi ama sözleri övüyor; alıntı")
    assert alert.said_beside("en").startswith("Gave 6.5, yet the words praise; the quote")


def test_a_low_score_with_a_reason_quotes_it_alone() -> None:
    alert = low_score(wrote("e0", 0, "Kargom gelmedi, çok kötü."), rated("s1", 24, 2, COMPLAINT))
    assert [(one.event_id, one.quote) for one in alert.evidence] == [("s1", REASON)]
    assert alert.remark is None


def test_of_praise_and_a_fault_the_fault_is_quoted() -> None:
    text = f"{PRAISE} Ama bankamatik paramı yuttu, üç gündür iade edilmedi."
    (proof,) = low_score(rated("s1", 0, 3, text)).evidence
    assert "paramı yuttu" in proof.quote
    assert "teşekkür" not in proof.quote


def test_a_second_low_score_on_an_open_alert_cites_what_it_speaks_of() -> None:
    alert = low_score(
        wrote("e1", 0, COMPLAINT, ticket_id="T1"),
        rated("s1", 10, 2, ticket_id="T1"),
        wrote("e2", 20, "Kartımı yine kapattınız, bıktım artık!", ticket_id="T2"),
        rated("s2", 30, 1, ticket_id="T2"),
    )
    assert [one.event_id for one in alert.evidence] == ["e1", "s1", "e2", "s2"]


def test_a_good_score_with_an_angry_text_is_told_as_such() -> None:
    customer = Customer()
    customer.receive(rated("s1", 0, 10, "Rezalet! Bıktım, kesinlikle kartımı iptal ediyorum!"))
    remarks = {one.said_beside("tr") for one in customer.alerts().values()}
    assert remarks == {"10 puan verdi ama sözlerinde şikâyet var"}


TEXTS = [
    "",
    PRAISE,
    COMPLAINT,
    "Teşekkürler.",
    "Kargom gelmedi, çok kötü.",
    "Kartımı iptal edeceğim.",
]
READ = {text: wrote("e", 0, text).reading for text in TEXTS if text}


@dataclass(frozen=True)
class Told:
    text: str
    hours: int
    score: float | None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Told,
            st.sampled_from(TEXTS),
            st.integers(0, 200),
            st.none() | st.sampled_from([1.0, 3.0, 9.0]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_alert_ever_quotes_thanks(told: list[Told]) -> None:
    customer = Customer()
    for number, one in enumerate(told):
        customer.receive(
            event(
                f"e{number}",
                EventType.SURVEY if one.score else EventType.MESSAGE,
                one.hours,
                READ.get(one.text),
                text=one.text or None,
                score=Score(Metric.NPS, one.score, 0, 10) if one.score else None,
            )
        )
    quotes = [proof.quote for alert in customer.published for proof in alert.evidence]
    assert not any("eşekkür" in quote or "Harikasınız" in quote for quote in quotes)


@pytest.mark.parametrize("language", ["tr", "en"])
def test_every_remark_has_a_text_in_both_languages(language: str) -> None:
    alerts = [
        low_score(rated("s1", 0, 3, PRAISE)),
        low_score(wrote("e1", 0, COMPLAINT), rated("s1", 24, 3)),
        low_score(wrote("e1", 0, COMPLAINT), rated("s1", 24, 3, PRAISE)),
    ]
    assert len({alert.said_beside(language) for alert in alerts}) == len(alerts)
    assert all("3" in alert.said_beside(language) for alert in alerts)
