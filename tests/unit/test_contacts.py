"""A contact is one attempt to reach the company, in however many lines."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from pipeline.config.groups import DetectSettings
from pipeline.detection.entry import entry_of
from pipeline.detection.facts import FIELDS
from pipeline.detection.memory import Contact, Memory, after, with_contact
from pipeline.detection.moment import Moment
from pipeline.detection.waits import Terms
from pipeline.model.contact import PAUSES, Pauses
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType
from pipeline.model.reading import Intent, Reading, Scored, Topic
from tests.support.customers import CHURN, Customer, event, reading

MINUTE = 1 / 60
TOUCHPOINT = ("fatura", "Fatura", "FATURA ", " fatura")
THANKS = reading("positive", 0.4, Intent("thanks", 0, 3))


def line(
    name: str, minutes: float, type_: EventType = EventType.MESSAGE, **fields: object
) -> Scored:
    """A line of a chat about an invoice, `minutes` after the start."""
    said = fields.pop("said", None)
    given = {"channel": "whatsapp", "touchpoint": "fatura", **fields}
    return event(name, type_, minutes * MINUTE, said, **given)  # type: ignore[arg-type]


def chat(name: str, start: float, lines: int, **fields: object) -> list[Scored]:
    return [line(f"{name}{i}", start + i * 0.2, **fields) for i in range(lines)]


def counted(events: Sequence[Scored], field: str, pauses: Pauses = PAUSES) -> int:
    """The field as a rule sees it at the last of the events."""
    memory = Memory()
    for one in events:
        entry = entry_of(one)
        moment_memory = with_contact(memory, entry, entry.at, pauses)
        memory = after(moment_memory, entry, entry.at, Terms())
    moment = Moment(entry, entry.at, moment_memory, (), 0.0, 0.8)
    return int(FIELDS[f"customer.{field}"].get(moment))


def causes(customer: Customer) -> set[str]:
    return {one.cause for one in customer.alerts().values() if one.state == "open"}


@pytest.mark.parametrize("ticket", [None, "T1"])
def test_a_question_typed_in_many_lines_is_one_contact_and_rings_nobody(ticket: str | None) -> None:
    lines = chat("a", 0, 12, ticket_id=ticket)
    customer = Customer()
    assert [customer.receive(one) for one in lines] == [[]] * 12
    assert counted(lines, "contacts_24h") == counted(lines, "topic_contacts_7d") == 1


@pytest.mark.parametrize(
    ("events", "contacts"),
    [
        pytest.param([line("a", 0), line("b", 29.9)], 1, id="within the pause"),
        pytest.param([line("a", 0), line("b", 30)], 2, id="after the pause"),
        pytest.param([line(f"a{i}", 20 * i) for i in range(9)], 1, id="each within the pause"),
        pytest.param([line("a", 0), line("b", 1, channel="call")], 2, id="another channel"),
        pytest.param(
            [line("a", 0), line("b", 1, channel="WhatsApp "), line("c", 2, channel="WHATSAPP")],
            1,
            id="a channel is one however it is written",
        ),
        pytest.param([line(f"a{i}", 35 * i, ticket_id="T1") for i in range(9)], 1, id="a thread"),
        pytest.param(
            [line("a", 0, ticket_id="T1"), line("b", 1439, ticket_id="T1")], 1, id="within a day"
        ),
        pytest.param(
            [
                line("a", 0, ticket_id="T1"),
                line(
                    "x", 700, EventType.TICKET_REPLIED, ticket_id="T1", author_type=AuthorType.BOT
                ),
                line("b", 1430, ticket_id="T1"),
            ],
            1,
            id="a slow answer",
        ),
        pytest.param(
            [line("a", 0, ticket_id="T1"), line("b", 35)], 2, id="after the pause, without its id"
        ),
        pytest.param(
            [line("a", 0), line("b", 35, ticket_id="T1")], 2, id="a ticket after the pause"
        ),
        pytest.param(
            [
                line(f"a{i}", 40 * i, EventType.CALL, channel="call", ticket_id="T1")
                for i in range(3)
            ],
            3,
            id="calls about a ticket",
        ),
        pytest.param(
            [line("a", 0, ticket_id="T1"), line("b", 1, ticket_id="T2")], 2, id="two tickets"
        ),
        pytest.param(
            [line("a", 0), line("b", 1, ticket_id="T1"), line("c", 2)], 1, id="a ticket on the way"
        ),
        pytest.param(
            [line(str(i), i, ticket_id=f"T{i % 2}") for i in range(6)], 2, id="two at a time"
        ),
        pytest.param(
            [
                line("a", 0),
                line("b", 25, EventType.TICKET_REPLIED, author_type=AuthorType.AGENT),
                line("c", 50),
            ],
            1,
            id="an answer keeps it alive",
        ),
        pytest.param(
            [line("a", 0, author_type=AuthorType.BOT), line("b", 1)], 1, id="the company began"
        ),
        pytest.param(
            [
                line("a", 0, ticket_id="T1"),
                line("b", 5, EventType.TICKET_RESOLVED, ticket_id="T1"),
                line("c", 6, ticket_id="T1", said=THANKS),
            ],
            1,
            id="thanks after the closing",
        ),
        pytest.param(
            [
                line("a", 0, ticket_id="T1"),
                line("b", 5, EventType.TICKET_RESOLVED, ticket_id="T1"),
                line("c", 6, ticket_id="T1", said=reading("negative")),
            ],
            2,
            id="an objection after the closing",
        ),
    ],
)
def test_where_a_contact_ends(events: list[Scored], contacts: int) -> None:
    assert counted(events, "contacts_24h") == contacts


def test_the_pause_is_set_by_channel() -> None:
    pauses = DetectSettings(pause_minutes=10, channel_pauses={"Email": 240, "call": 0}).pauses
    hourly = [
        line(f"{channel}{i}", i * 60, channel=channel)
        for i in range(3)
        for channel in ("email", "app")
    ]
    assert counted(hourly, "contacts_24h", pauses) == 1 + 3
    calls = [line(f"c{i}", i, EventType.CALL, channel="call") for i in range(3)]
    assert counted(calls, "contacts_24h", pauses) == 3


@pytest.mark.parametrize(
    ("attempts", "cause"),
    [
        ([line(f"a{day}", day * 24 * 60) for day in range(3)], "repeated_contact"),
        ([line(f"a{n}", n, channel=f"way {n}", touchpoint=None) for n in range(3)], "high_effort"),
    ],
)
def test_a_thank_you_is_no_new_evidence(attempts: list[Scored], cause: str) -> None:
    customer = Customer()
    customer.receive(*attempts)
    assert causes(customer) == {cause}
    later = 2 * 24 * 60 + 60 if cause == "repeated_contact" else 60
    assert customer.receive(line("thanks", later, said=THANKS)) == []
    (update,) = customer.receive(line("again", later + 1, channel="web", said=reading("negative")))
    assert update.cause == cause


def test_attempts_on_a_topic_within_a_week_still_ring() -> None:
    customer = Customer()
    customer.receive(*chat("a", 0, 4), *chat("b", 24 * 60, 3))
    assert causes(customer) == set()
    (alert,) = customer.receive(line("c", 48 * 60))
    assert alert.cause == "repeated_contact"
    assert len(alert.evidence) == 3  # one quote an attempt


def test_an_alert_has_the_topics_of_the_attempts_that_it_cites() -> None:
    def saying(*topics: Topic) -> Reading:
        return structs.replace(reading("neutral"), topics=topics)

    bill, wait = Topic("billing", "negative", 0, 3), Topic("waiting_time", "negative", 0, 3)
    customer = Customer()
    customer.receive(
        line("a", 0, said=saying(bill, Topic("delivery", "positive", 4, 6))),
        line("b", 0.2),
        line("c", 24 * 60, said=saying(wait)),
    )
    (alert,) = customer.receive(line("d", 48 * 60, said=saying(Topic("card", "neutral", 0, 3))))
    assert alert.topics == ("billing", "waiting_time", "card")
    assert alert.evidence[0].event_id == "a"  # the line after it has no words
    site = Topic("app_site", "negative", 0, 3)
    (alert,) = customer.receive(line("e", 48.1 * 60, said=saying(site)))
    assert alert.topics == ("billing", "waiting_time", "card", "app_site")


def test_a_contact_is_about_all_that_its_lines_are_about() -> None:
    greeting = [line("a", 0, touchpoint=None), line("b", 0.2), line("c", 0.4, touchpoint="kargo")]
    again = [line("d", 1440), line("e", 2880, touchpoint="kargo")]
    assert counted([*greeting, again[0]], "topic_contacts_7d") == 2
    assert counted([*greeting, again[1]], "topic_contacts_7d") == 2


def test_a_topic_is_one_however_it_is_written() -> None:
    attempts = [
        line(name, day * 1440, touchpoint=touchpoint)
        for day, (name, touchpoint) in enumerate(zip("abcd", TOUCHPOINT, strict=True))
    ]
    assert counted(attempts, "topic_contacts_7d") == 4
    solved = line("s", 3 * 1440 + 1, EventType.TICKET_RESOLVED, touchpoint="FATURA")
    assert counted([*attempts, solved, line("e", 4 * 1440)], "topic_contacts_7d") == 1


def test_a_contact_of_a_version_before_is_about_its_topics_however_they_were_written() -> None:
    entry = entry_of(line("a", 0))
    contact = Contact(0, "chat", "Fatura ", False, entry.mark(), more=("KARGO", "T1x"))
    for topic in ("fatura", "kargo", "T1x"):
        assert contact.is_about(topic)
    assert not contact.is_about("iade")


@pytest.mark.parametrize(
    ("attributes", "contacts"),
    [
        ({}, 1),
        ({"merged_into": "T0"}, 3),
        ({"duplicate_of": 17}, 3),
        ({"is_duplicate": True}, 3),
        ({"resolution": "BİRLEŞTİRİLDİ"}, 3),
        ({"close_reason": " Closed as duplicate of #12"}, 3),
        ({"merged_into": None, "merged": False, "duplicate": "false"}, 1),
        ({"resolution": "fixed", "reason": "merged cells in a table"}, 1),
    ],
)
def test_a_ticket_that_was_merged_solves_no_contact(
    attributes: dict[str, object], contacts: int
) -> None:
    steps = [
        line("a", 0, ticket_id="T1"),
        line("b", 1440, ticket_id="T1"),
        line("r", 1441, EventType.TICKET_RESOLVED, ticket_id="T1", attributes=attributes),
        line("c", 2880, ticket_id="T1"),
    ]
    assert counted(steps, "topic_contacts_7d") == contacts


def test_angry_lines_of_a_chat_still_ring() -> None:
    customer = Customer()
    said = reading("negative", 0.95, CHURN)
    customer.receive(*(line(f"a{i}", i, said=said) for i in range(3)))
    assert causes(customer) >= {"churn_intent", "furious_message"}
    assert counted([line("a", 0, said=said), line("b", 1)], "negatives_7d") == 1


def test_lines_that_come_late_join_what_they_belong_to() -> None:
    attempts = [line(f"a{i}", 40 * i) for i in range(3)]
    customer = Customer()
    customer.receive(*attempts)
    assert causes(customer) == {"repeated_contact"}
    changes = customer.receive(line("b", 20), line("c", 60))
    assert changes[-1].state == "withdrawn"
    assert causes(customer) == set()


@settings(max_examples=40, deadline=None)
@given(minutes=st.lists(st.integers(0, 3000), min_size=3, max_size=12), dice=st.randoms())
def test_the_order_of_arrival_of_lines_changes_no_alert(minutes: list[int], dice: Random) -> None:
    lines = [line(f"a{i}", at) for i, at in enumerate(minutes)]
    in_order, shuffled = Customer(), Customer()
    for one in sorted(lines, key=lambda one: (one.event.occurred_at, one.event.event_id)):
        in_order.receive(one)
    dice.shuffle(lines)
    for one in lines:
        shuffled.receive(one)
    assert shuffled.alerts() == in_order.alerts()


def test_a_long_chat_does_not_push_earlier_attempts_out_of_memory() -> None:
    customer = Customer(max_events=50)
    customer.receive(line("first", 0), *chat("a", 24 * 60, 300))
    customer.receive(line("third", 48 * 60))
    assert causes(customer) == {"repeated_contact"}
    assert len(customer.state.log.entries()) == 50
