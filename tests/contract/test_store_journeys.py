"""What is read of tickets, contacts, self-service and answers, as they come from outside."""

from datetime import timedelta

import msgspec
import pytest

from pipeline.kpi.definitions import Window
from pipeline.model.reading import Intent, Label, Scored
from pipeline.store import Store
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import LATER, START, WINDOW, kpis_of, reading, scored

pytestmark = ON_CHDB

HOUR = 3600
DAY = 24 * HOUR
TICKET = {"ticket_id": "t1", "touchpoint": "fatura", "brand": "A"}
AGENT = {"author_type": "agent", **TICKET}


def opened(**fields: object) -> Scored:
    return scored("opened", type="ticket.opened", **{**TICKET, **fields})


def replied(at: float, **fields: object) -> Scored:
    return scored(f"replied {at}", at=at, type="ticket.replied", **{**AGENT, **fields})


def resolved(at: float, **fields: object) -> Scored:
    return scored(f"resolved {at}", at=at, **{"type": "ticket.resolved", **AGENT, **fields})


def thanks(at: float) -> Scored:
    said = msgspec.structs.replace(reading("positive"), intents=(Intent("thanks", 0, 5),))
    line = scored("thanks", at=at, type="message", text="Sağ olun", **TICKET)
    return msgspec.structs.replace(line, reading=said)


@pytest.mark.parametrize("at", [HOUR, 20 * DAY])
def test_the_reply_may_come_under_the_id_that_the_customer_was_merged_into(
    store: Store, at: float
) -> None:
    store.write_events([opened(), replied(at, customer_id="merged")])
    values = kpis_of(store)
    assert values["first_response_median"].value == at / 60
    assert values["first_response_open"].value == 0


@pytest.mark.parametrize("opened_at", [0, -20 * DAY])
def test_a_contact_after_the_resolution_may_come_under_either_id(
    store: Store, opened_at: float
) -> None:
    call = {"type": "call", "touchpoint": "fatura"}
    store.write_events(
        [
            opened(at=opened_at),
            resolved(HOUR, customer_id="merged"),
            scored("call", at=2 * DAY, **call),
        ]
    )
    assert kpis_of(store)["first_contact_resolution"].value == 0


@pytest.mark.parametrize("other", [{"ticket_id": "t2"}, {"ticket_id": "t2", "customer_id": "c2"}])
def test_a_reply_long_after_the_window_counts_as_it_was_revised(
    store: Store, other: dict[str, str]
) -> None:
    store.write_events([opened(), replied(20 * DAY)])
    assert kpis_of(store)["first_response_open"].value == 0
    store.write_events([replied(20 * DAY, revision=1, **other)])
    assert kpis_of(store)["first_response_open"].value == 1


def test_tickets_of_two_brands_are_two(store: Store) -> None:
    store.write_events(
        [
            opened(),
            scored("other", at=HOUR, type="ticket.opened", **{**TICKET, "brand": "B"}),
            replied(1.5 * HOUR, brand=None),
            replied(2 * HOUR, brand="B"),
        ]
    )
    assert {
        value.slice["brand"]: value.value
        for value in store.kpis(WINDOW, ["brand"], LATER)
        if value.kpi == "first_response_median"
    } == {"A": 90, "B": 60, "": None}


@pytest.mark.parametrize(
    ("after", "at_once"),
    [
        ({"type": "ticket.reopened", "author_type": "system", **TICKET}, 0),
        ({"type": "ticket.opened", "author_type": "system", "touchpoint": "fatura"}, 0),
        ({"type": "visit", "channel": "web", "touchpoint": "fatura"}, 100),
        ({"type": "visit", "channel": "Mağaza", "touchpoint": "fatura"}, 0),
    ],
)
def test_what_others_write_down_shows_that_it_was_not_solved(
    store: Store, after: dict[str, str], at_once: float
) -> None:
    store.write_events([opened(), resolved(HOUR), scored("after", at=2 * DAY, **after)])
    value = kpis_of(store)["first_contact_resolution"]
    assert (value.value, value.n) == (at_once, 1)


@pytest.mark.parametrize(
    ("after", "solved"),
    [
        ({"type": "visit", "channel": "web"}, 100),
        ({"type": "visit", "channel": "branch"}, 0),
        ({"type": "post", "channel": "twitter"}, 100),
        ({"type": "ticket.opened", "author_type": "agent", "ticket_id": "t1"}, 0),
    ],
)
def test_self_service_ends_with_a_contact_that_asks_for_a_person(
    store: Store, after: dict[str, str], solved: float
) -> None:
    helped = scored("helped", type="self_service.resolved")
    store.write_events([helped, scored("after", at=10 * HOUR, **after)])
    assert kpis_of(store)["self_service_rate"].value == solved


def test_medians_are_not_final_while_customers_wait(store: Store) -> None:
    for number in range(4):
        ticket = {"ticket_id": f"t{number}", "customer_id": f"c{number}"}
        store.write_events(
            [
                scored(f"o{number}", at=60 * number, type="ticket.opened", **ticket),
                *(
                    scored(
                        f"{type_} {number}",
                        at=60 * number + (8 * HOUR if number else 300),
                        type=type_,
                        author_type="agent",
                        **ticket,
                    )
                    for type_ in ("ticket.replied", "ticket.resolved")
                ),
            ]
        )
    window = Window(START, START + timedelta(hours=1))
    burning = kpis_of(store, as_of=window.end, window=window)
    for kpi in ("first_response_median", "resolution_first_median", "resolution_full_median"):
        value = burning[kpi]
        assert (value.value, value.n) == (pytest.approx(57.5), 4)
        assert value.provisional
        assert value.at_least
    settled = kpis_of(store, window=window)["first_response_median"]
    assert (settled.value, settled.n) == (480, 4)
    assert not settled.provisional
    assert not settled.at_least


def test_what_a_bot_answered_long_before_the_window_was_enough(store: Store) -> None:
    store.write_events(
        [
            opened(at=-14 * DAY),
            replied(-14 * DAY + 5, author_type="bot"),
            thanks(-14 * DAY + 60),
            scored("question", at=HOUR, type="message", **TICKET),
            replied(HOUR + 600),
        ]
    )
    value = kpis_of(store)["first_response_median"]
    assert (value.value, value.n, value.provisional) == (10, 1, False)


@pytest.mark.parametrize("at", [HOUR, 20 * DAY])
@pytest.mark.parametrize(
    "how",
    [
        {"type": "ticket.merged"},
        {"attributes": {"merged_into": "t0"}},
        {"attributes": {"merged_into": 17}},
        {"attributes": {"resolution": "Duplicate"}},
        {"attributes": {"status": "merged"}},
        {"attributes": {"resolution": "BİRLEŞTİRİLDİ"}},
        {"attributes": {"close_reason": " Closed as duplicate of #12"}},
        {"attributes": {"reason": "mükerrer kayıt"}},
        {"attributes": {"merged": True}},
    ],
)
def test_a_ticket_that_was_merged_was_not_resolved(
    store: Store, how: dict[str, object], at: float
) -> None:
    store.write_events([opened(), resolved(at, **how)])
    values = kpis_of(store)
    assert values["resolution_first_median"].n == 0
    assert values["resolution_open"].value == 0
    assert kpis_of(store, window=Window(START, LATER))["first_contact_resolution"].n == 0


def test_a_resolution_says_that_the_ticket_was_not_merged(store: Store) -> None:
    said = {
        "merged_into": None,
        "merged": False,
        "duplicate": "false",
        "resolution": "fixed",
        "reason": "merged cells in a table",
        "close_reason": "no duplicate",
    }
    store.write_events([opened(), resolved(HOUR, attributes=said)])
    assert kpis_of(store)["resolution_first_median"].value == 60


@pytest.mark.parametrize(
    ("said", "intents", "at_once"),
    [
        ("positive", ["thanks"], 100),
        ("positive", ["thanks", "praise"], 100),
        ("positive", ["thanks", "ask_status"], 0),
        ("positive", ["praise"], 0),
        ("negative", ["thanks"], 0),
        ("positive", [], 0),
    ],
)
def test_thanks_after_the_resolution_are_no_contact(
    store: Store, said: Label, intents: list[str], at_once: float
) -> None:
    ticket = {"ticket_id": "t1", "channel": "email"}
    words = msgspec.structs.replace(
        reading(said), intents=tuple(Intent(name, 0, 5) for name in intents)
    )
    after = scored("after", at=720, type="message", text="Sağ olun", **ticket)
    store.write_events(
        [
            scored("opened", at=0, type="ticket.opened", **ticket),
            scored("line", at=20, type="message", **ticket),
            scored("resolved", at=600, type="ticket.resolved", author_type="agent", **ticket),
            msgspec.structs.replace(after, reading=words),
        ]
    )
    rate = kpis_of(store)["first_contact_resolution"]
    assert (rate.value, rate.n) == (at_once, 1)


def test_the_wait_begins_when_the_bot_hands_over(store: Store) -> None:
    replied = {"type": "ticket.replied", "ticket_id": "t1"}
    store.write_events(
        [
            scored("opened", at=0, type="ticket.opened", ticket_id="t1"),
            scored("bot", at=600, author_type="bot", attributes={"handoff": True}, **replied),
            scored("reply", at=900, author_type="agent", attributes={"handoff": False}, **replied),
        ]
    )
    waited = kpis_of(store)["first_response_median"]
    assert (waited.value, waited.n, waited.definition_version) == (5, 1, "3")
