"""A danger is heard wherever the customer's words are: in any event, a title, line by line."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.runtime.messages import Message
from agents.triage import urgent_among
from evaluation.dangers import NONE, load
from pipeline.detection.line_dangers import LINES
from pipeline.ingest.decode import encode_event
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.text.dangers import DANGERS
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.customers import START, Customer, event

READER = Reader(load_engine("fast"))
PLEA = "Artık yaşamak istemiyorum, kendimi öldüreceğim"
THOUGHTS = {
    "vulnerable_person": [
        ("88 yaşındaki babaannem evde yalnız", "telefonu iki gündür kesik", "ulaşamıyorum"),
        ("my 90 year old father", "lives on his own", "there is no heating since monday"),
        ("üç haftalık bebeğim var", "evde elektrik yok"),
    ],
    "medical_dependence": [
        ("annem oksijen cihazına mecbur", "jeneratör yok bizde", "elektrik kesildi"),
        ("he needs a ventilator", "power has been out since noon"),
    ],
    "violence": [
        ("kocam yine içti", "beni her gün dövüyor"),
        ("my boyfriend is drunk", "hit me in the face again"),
    ],
    "self_harm": [("dayanamıyorum", "yaşamak istemiyorum")],
}


def read(name: str, type_: EventType, text: str, seconds: float = 0, **fields: object) -> Scored:
    at = START + timedelta(seconds=seconds)
    told = replace(event(name, type_, 0, **fields).event, text=text or None, occurred_at=at)
    (reading,) = READER.read_events([told])
    return Scored(told, reading, at)


def causes(*events: Scored) -> set[str]:
    customer = Customer()
    customer.receive(*events)
    return {alert.cause for alert in customer.alerts().values() if alert.in_danger}


@pytest.mark.parametrize("type_", sorted(EventType))
def test_a_danger_is_heard_in_the_customers_words_whatever_the_event(type_: EventType) -> None:
    assert causes(read("e", type_, PLEA)) == {"self_harm"}


@pytest.mark.parametrize("text", ["", "Lütfen yardım edin.", PLEA])
def test_a_danger_is_heard_in_a_title_and_goes_ahead_of_its_turn(text: str) -> None:
    complaint = read("e", EventType.COMPLAINT, text, title=PLEA)
    assert causes(complaint) == {"self_harm"}
    assert complaint.reading
    assert complaint.reading.urgency == 3
    value = encode_event(complaint.event)
    message = Message("cx.feedback", 0, 0, b"c1", value, START, START)
    assert urgent_among([message]) == [message]


def test_a_title_and_its_text_are_one_thought() -> None:
    title = "88 yaşındaki babaannem evde yalnız"
    assert causes(read("e", EventType.COMPLAINT, "Telefonu kesik.", title=title)) == {
        "vulnerable_person"
    }


@pytest.mark.parametrize(
    ("author", "title"),
    [(AuthorType.CUSTOMER, f"Ynt: {PLEA}"), (AuthorType.AGENT, PLEA), (AuthorType.BOT, PLEA)],
)
def test_the_title_of_what_is_answered_is_not_heard_again(author: AuthorType, title: str) -> None:
    mail = read("e", EventType.MESSAGE, "Merhaba.", title=title, author_type=author)
    assert causes(mail) == set()


@pytest.mark.parametrize("author", [AuthorType.AGENT, AuthorType.SYSTEM, AuthorType.BOT])
@pytest.mark.parametrize("type_", [EventType.TICKET_OPENED, EventType.TICKET_REOPENED])
@pytest.mark.parametrize(
    "told",
    [PLEA, "Müşteri intihar edeceğini söyledi.", "Caller says she wants to kill herself."],
)
def test_a_danger_is_heard_in_a_ticket_that_others_record(
    author: AuthorType, type_: EventType, told: str
) -> None:
    fields = {"author_type": author, "ticket_id": "T1"}
    assert causes(read("e", type_, told, **fields)) == {"self_harm"}
    assert causes(read("e", type_, "Bilgi istendi.", title=told, **fields)) == {"self_harm"}


@pytest.mark.parametrize(
    "said",
    [
        "Kendinize zarar verecekseniz 112'yi arayın.",
        "İntihar etmeyi düşünüyorsanız lütfen 112'yi arayın.",
        "If you want to kill yourself or hurt someone, call 112.",
        "Are you thinking about suicide? You are not alone.",
        "Eşiniz sizi dövüyorsa 183'ü arayabilirsiniz.",
    ],
)
def test_what_a_record_says_to_the_customer_is_no_danger(said: str) -> None:
    ticket = {"author_type": AuthorType.AGENT, "ticket_id": "T1"}
    assert causes(read("e", EventType.TICKET_OPENED, said, **ticket)) == set()
    both = f"Müşteri kendini öldüreceğini söyledi. {said}"
    assert causes(read("e", EventType.TICKET_OPENED, both, **ticket)) == {"self_harm"}


@pytest.mark.parametrize("type_", [EventType.MESSAGE, EventType.TICKET_REPLIED])
def test_an_agents_turn_tells_of_no_danger(type_: EventType) -> None:
    assert causes(read("e", type_, PLEA, author_type=AuthorType.AGENT)) == set()


def lines_of(thought: tuple[str, ...], pause: float = 10) -> list[Scored]:
    return [
        read(f"e{number}", EventType.MESSAGE, line, number * pause)
        for number, line in enumerate(thought)
    ]


@pytest.mark.parametrize(
    ("danger", "thought"), [(name, one) for name, some in THOUGHTS.items() for one in some]
)
def test_one_thought_in_several_lines_rings_as_in_one(
    danger: str, thought: tuple[str, ...]
) -> None:
    lines = lines_of(thought)
    assert danger in causes(*lines)
    assert all(causes(line) == set() for line in lines)
    assert causes(*lines_of(thought, pause=31 * 60)) == set()


def test_the_lines_of_the_thought_are_its_proof() -> None:
    customer = Customer()
    customer.receive(*lines_of(THOUGHTS["vulnerable_person"][0][:2]))
    (alert,) = [one for one in customer.alerts().values() if one.in_danger]
    assert [proof.quote for proof in alert.evidence] == [
        "88 yaşındaki babaannem evde yalnız",
        "telefonu iki gündür kesik",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("babaannem için telefon bakıyorum", "fiyatı ne kadar", "şu anki hattı kapalı"),
        ("oyunda dedem diye karakter var", "telefonu bozuk çıkıyor"),
        ("88 yaşındaki babaannem evde yalnız", "teşekkürler", "iyi günler"),
        ("telefonum kapalı", "açar mısınız", "iki gün oldu"),
    ],
)
def test_lines_that_tell_no_danger_together_ring_nobody(lines: tuple[str, ...]) -> None:
    assert causes(*lines_of(lines)) == set()


LINES_OF_ALL = [line for some in THOUGHTS.values() for thought in some for line in thought]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["merhaba", *LINES_OF_ALL]), min_size=1, max_size=20))
def test_what_is_remembered_of_lines_is_bounded(lines: list[str]) -> None:
    customer = Customer()
    customer.receive(*lines_of(tuple(lines)))
    contacts = customer.state.head.memory.contacts
    assert all(len(one.conversation.heard) <= LINES for one in contacts if one.conversation)


def split_at_signs(danger: str) -> list[tuple[str, ...]]:
    lines = [re.split(r"[,.;!?] ", text) for text in load()[danger]]
    return [tuple(some) for some in lines if len(some) > 1]


@pytest.mark.parametrize("danger", [*sorted(DANGERS), NONE])
def test_texts_that_are_typed_line_by_line_ring_as_in_one_line(danger: str) -> None:
    thoughts = split_at_signs(danger)
    rang = [bool(causes(*lines_of(thought))) for thought in thoughts]
    if danger == NONE:  # what shows that a line was not meant may come after it
        assert sum(rang) <= 0.03 * len(thoughts)
    else:
        assert sum(rang) >= 0.9 * len(thoughts)
