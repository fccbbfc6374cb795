"""What people do about alerts, through the API: published, refused, noted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pipeline.broker.errors import BrokerUnavailable
from pipeline.contracts.topology import ACTIONS
from pipeline.follow_up.case import Case
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from pipeline.service import service as service_module
from tests.support.cases import Customer
from tests.support.login_api import TOKEN, Door, browser, log_in, token_of
from tests.support.notify_cases import ALERT_ID, alert
from tests.support.stand_in_api import NOW

HERE = f"/v1/alerts/{ALERT_ID}/actions"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Kafka:
    """Stands in for publishers: what was sent, how often one connected, and whether it is away."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, Action]] = []
        self.connected = 0
        self.away = False

    def __call__(self, *_: object) -> "Kafka":
        self.connected += 1
        return self

    def send(self, topic: str, key: bytes, value: bytes) -> None:
        self.sent.append((topic, key, msgspec.json.decode(value, type=Action)))

    def flush(self) -> None:
        if self.away:
            raise BrokerUnavailable("Kafka does not answer")

    def close(self) -> None:
        pass


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    kafka = Kafka()
    monkeypatch.setattr(service_module, "Publisher", kafka)
    return kafka


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door(tmp_path)

    def alerts(**asked: Any) -> list[Alert]:
        return [alert()] if ALERT_ID in asked.get("ids", ()) else []

    monkeypatch.setattr(door.store, "alerts", alerts)
    return door


@pytest.fixture
def client(door: Door) -> Iterator[TestClient[Litestar]]:
    with browser(door) as client:
        client.headers.update(BEARER)
        yield client


def test_an_action_goes_to_kafka_with_who_and_when(
    client: TestClient[Litestar], kafka: Kafka
) -> None:
    answer = client.post(HERE, json={"kind": "contact", "note": "Arandı, 0532 123 45 67"})
    assert answer.status_code == 201
    ((topic, key, action),) = kafka.sent
    assert (topic, key) == (ACTIONS, b"m-1")
    assert (action.alert_id, action.customer_id, action.kind) == (ALERT_ID, "m-1", "contact")
    assert (action.by, action.at) == ("token", NOW)
    assert "0532" not in action.note
    assert answer.json()["action_id"] == action.action_id


def test_the_same_request_sent_again_is_the_same_action(
    client: TestClient[Litestar], kafka: Kafka
) -> None:
    for _ in range(2):
        client.post(HERE, json={"kind": "acknowledge", "action_id": "once"})
    assert [action.action_id for _, _, action in kafka.sent] == ["once", "once"]
    assert kafka.connected == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "resolve"}, 400),
        ({"kind": "snooze", "until": "2020-01-01T00:00:00Z"}, 400),
        ({"kind": "snooze", "until": "2030-01-01T00:00:00"}, 400),
        ({"kind": "snooze", "until": "9999-12-31T23:59:59-23:59"}, 400),
        ({"kind": "explode"}, 400),
        ({"kind": "contact", "by": "somebody else"}, 400),
        ({"kind": "note", "note": "x" * 2_001}, 400),
        ([], 400),
        ({"kind": "assign", "assignee": "z" * 1_000_000}, 400),
        ({"kind": "assign", "assignee": "<script>alert(1)</script>"}, 400),
        ({"kind": "assign", "assignee": "nobody"}, 400),
        ({"kind": "note", "note": "x", "action_id": "../../x" * 50}, 400),
        ({"kind": "note", "note": "x", "action_id": "a\nb"}, 400),
        ({"kind": "undo", "undoes": "x" * 129}, 400),
    ],
)
def test_an_action_that_is_not_in_order_is_refused_and_not_published(
    client: TestClient[Litestar], kafka: Kafka, body: object, status: int
) -> None:
    assert client.post(HERE, json=body).status_code == status
    assert kafka.sent == []


def test_an_alert_is_given_to_somebody_who_may_log_in(
    client: TestClient[Litestar], kafka: Kafka
) -> None:
    assert client.post(HERE, json={"kind": "assign", "assignee": "agent"}).status_code == 201
    assert [action.assignee for _, _, action in kafka.sent] == ["agent"]


def test_there_is_nothing_to_do_about_an_alert_that_is_not_there(
    client: TestClient[Litestar], kafka: Kafka
) -> None:
    answer = client.post("/v1/alerts/other/actions", json={"kind": "contact"})
    assert (answer.status_code, kafka.sent) == (404, [])


def test_while_kafka_is_away_it_is_said_so_and_later_tried_on_a_new_connection(
    client: TestClient[Litestar], kafka: Kafka
) -> None:
    kafka.away = True
    assert client.post(HERE, json={"kind": "contact"}).status_code == 503
    kafka.away = False
    assert client.post(HERE, json={"kind": "contact"}).status_code == 201
    assert kafka.connected == 2


@pytest.mark.parametrize(("name", "status"), [("viewer", 403), ("agent", 201)])
def test_who_may_only_look_may_not_act_and_who_acts_is_named(
    door: Door, kafka: Kafka, name: str, status: int
) -> None:
    with browser(door) as client:
        log_in(client, name)
        csrf = {"X-CSRF-Token": token_of(door, client)}
        assert client.post(HERE, json={"kind": "contact"}, headers=csrf).status_code == status
    assert [action.by for _, _, action in kafka.sent] == ([name] if status == 201 else [])
    last = door.trace()[-1]
    assert (last.by, last.status, last.alert_id) == (name, status, ALERT_ID)
    if status == 201:
        assert (last.what, last.customer_id) == ("alert.contact", "m-1")


def test_follow_ups_are_asked_for_by_stage_and_customer(
    client: TestClient[Litestar], door: Door
) -> None:
    answer = client.get("/v1/follow-ups?stage=open&stage=contacted&customer_id=c1&limit=5")
    assert answer.json() == []
    assert door.store.asked == {
        "stages": ["open", "contacted"],
        "customer_id": "c1",
        "limit": 5,
    }
    assert client.get("/v1/follow-ups?stage=gone").status_code == 400


def test_an_action_may_be_about_a_whole_case(
    client: TestClient[Litestar], kafka: Kafka, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Customer()(alert()).case

    def cases(**asked: Any) -> list[Case]:
        return [known] if known.case_id in asked["case_ids"] else []

    monkeypatch.setattr(door.store, "cases", cases)
    answer = client.post(f"/v1/alerts/{known.case_id}/actions", json={"kind": "contact"})
    assert answer.status_code == 201
    ((_, key, action),) = kafka.sent
    assert (key, action.alert_id) == (b"m-1", known.case_id)


def test_cases_are_listed_by_stage_and_customer(client: TestClient[Litestar], door: Door) -> None:
    assert client.get("/v1/cases?stage=open&customer_id=c1&limit=5").json() == []
    assert door.store.asked == {"stages": ["open"], "customer_id": "c1", "limit": 5}
