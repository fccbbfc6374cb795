"""Events of tests and of the company itself: told by the event, kept, and counted nowhere."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from pipeline.config.groups import ROOT
from pipeline.ingest.uncounted import EVERYTHING_COUNTS, Uncounted, UncountedError, load_uncounted
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.customers import START, Customer, event, histories, leaving

SHIPPED = load_uncounted(ROOT / "desk" / "uncounted.yaml")
OWN = Uncounted(
    brands=frozenset({"Deneme"}), customers=frozenset({"qa-*", "e2e@firma.com", "m[17]"})
)
DAHILI = Uncounted(segments=frozenset({"dahili"}))


@pytest.mark.parametrize(
    ("said_by", "fields", "counts"),
    [
        (SHIPPED, {}, True),
        (SHIPPED, {"revoked": True}, False),
        (EVERYTHING_COUNTS, {"revoked": True}, False),
        (SHIPPED, {"attributes": {"test": True}}, False),
        (SHIPPED, {"attributes": {"test": "True "}}, False),
        (SHIPPED, {"attributes": {"test": 1}}, False),
        (SHIPPED, {"attributes": {"test": "DOĞRU"}}, False),
        (SHIPPED, {"attributes": {"test": False, "plan": "test"}}, True),
        (SHIPPED, {"attributes": {"test": "false"}}, True),
        (SHIPPED, {"attributes": {"test": None}}, True),
        (SHIPPED, {"attributes": {"internal": True}}, True),  # a note that customers do not see
        (SHIPPED, {"segment": "internal"}, False),
        (SHIPPED, {"segment": "Internal "}, False),
        (SHIPPED, {"segment": "international"}, True),
        (SHIPPED, {"segment": "INTERNAL"}, False),
        (SHIPPED, {"segment": "inter\u200bnal\ufeff"}, False),
        (SHIPPED, {"segment": "ＩＮＴＥＲＮＡＬ"}, False),
        (SHIPPED, {"attributes": {"Test": "1"}}, False),
        (SHIPPED, {"attributes": {"tested": True}}, True),
        (SHIPPED, {"segment": "İNTERNAL"}, False),
        (DAHILI, {"segment": "DAHİLİ"}, False),
        (DAHILI, {"brand": "dahili"}, True),
        (OWN, {"customer_id": "m[17]"}, False),
        (OWN, {"customer_id": "m1"}, True),
        (OWN, {"customer_id": "qa-\n17"}, False),
        (OWN, {"customer_id": "qa-17"}, False),
        (OWN, {"customer_id": "aqa-17"}, True),
        (OWN, {"customer_id": "QA-17"}, False),
        (OWN, {"customer_id": "E2E@Firma.com"}, False),
        (OWN, {"customer_id": "17-qa-"}, True),
        (OWN, {"customer_id": "e2e@firma.com"}, False),
        (OWN, {"customer_id": "e2e@firmaXcom"}, True),
        (OWN, {"brand": "DENEME"}, False),
        (OWN, {"attributes": {"test": True}}, True),
        (EVERYTHING_COUNTS, {"segment": "internal", "attributes": {"test": True}}, True),
    ],
)
def test_an_event_says_whether_it_counts(
    said_by: Uncounted, fields: dict[str, object], counts: bool
) -> None:
    assert said_by.counts(leaving("e", 0, **fields).event) is counts


@pytest.mark.parametrize(
    ("content", "said"),
    [("segment: [x]", "unknown field `segment`"), ("brands: x", "brands"), ("- [", "the file")],
)
def test_a_wrong_file_is_said_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "uncounted.yaml"
    file.write_text(content)
    with pytest.raises(UncountedError, match=said) as caught:
        load_uncounted(file)
    assert str(file) in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(history=histories(most=25))
def test_what_does_not_count_changes_neither_alerts_nor_risk(history: list[Scored]) -> None:
    with_tests, without = Customer(), Customer()
    for one in history:
        with_tests.receive(one)
        if one.counted:
            without.receive(one)
    assert with_tests.alerts() == without.alerts()
    if without.encoded:
        assert with_tests.state.head == without.state.head


def test_a_revision_that_marks_an_event_withdraws_its_alert_and_one_that_unmarks_it_rings() -> None:
    customer, threat = Customer(), leaving("e1", 0)
    (alert,) = customer.receive(threat)
    marked = replace(threat, event=replace(threat.event, revision=1), counted=False)
    (withdrawn,) = customer.receive(marked)
    assert (withdrawn.id, withdrawn.state) == (alert.id, "withdrawn")
    unmarked = replace(threat, event=replace(threat.event, revision=2))
    (again,) = customer.receive(unmarked)
    assert (again.id, again.state, again.opened_at) == (alert.id, "open", START)


def test_a_test_between_two_contacts_is_no_contact() -> None:
    customer = Customer()
    for number in range(3):
        asked = event(f"e{number}", EventType.MESSAGE, 24 * number, ticket_id="T1")
        customer.receive(replace(asked, counted=number != 1))
    assert "repeated_contact" not in {alert.cause for alert in customer.published}
    third = event("e3", EventType.MESSAGE, 24 * 3, ticket_id="T1")
    assert "repeated_contact" in {alert.cause for alert in customer.receive(third)}
