"""What a system that sends gets for an answer, and what is kept of it."""

from base64 import b64encode
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from pipeline.broker.errors import BrokerUnavailable
from tests.support.connector_company import GOOD, Company
from tests.support.receivers import NOW, Desk


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk(company.book(GOOD), "secret-value")


def counted(result: str, connection: str = "desk-1") -> float:
    labels = {"connection": connection, "result": result}
    return REGISTRY.get_sample_value("nabiz_received_total", labels) or 0.0


async def test_a_delivery_is_kept_as_it_came_before_it_is_answered(desk: Desk) -> None:
    before = counted("accepted")
    answer = await desk.send("/in/desk-1?a=%C3%A7&b", b'{"id": 1,  "x":"\xc3\xa7"}')
    assert (answer.status_code, answer.content) == (200, b"")
    ((key, value),) = desk.broker.kept
    (delivery,) = desk.broker.deliveries
    assert key == b"desk-1"
    assert b'"id"' not in value
    assert delivery.body == b'{"id": 1,  "x":"\xc3\xa7"}'
    assert (delivery.connection, delivery.method) == ("desk-1", "POST")
    assert delivery.url == "/in/desk-1?a=%C3%A7&b"
    assert delivery.received_at == NOW
    assert delivery.headers["content-type"] == "application/json"
    assert counted("accepted") == before + 1


async def test_what_no_event_is_made_of_is_not_kept(desk: Desk) -> None:
    """Credentials, addresses of senders, whatever a header or a parameter may tell."""
    told = ("authorization", "cookie", "x-api-key", "x-telegram-bot-api-secret-token")
    headers = desk.signed(b"{}") | dict.fromkeys([*told, "x-forwarded-for", "x-a"], "hush")
    await desk.send("/in/desk-1?token=hush&page=2&access%5Ftoken=hush", b"{}", headers=headers)
    (delivery,) = desk.broker.deliveries
    assert delivery.headers == {"content-type": "application/json"}
    assert delivery.url == "/in/desk-1?page=2"


@pytest.mark.parametrize("headers", [{}, {"x-signature": "00"}, {"x-signature": "é"}])
async def test_what_is_not_proved_is_refused_and_not_kept(
    desk: Desk, headers: dict[str, str]
) -> None:
    before = counted("unverified")
    encoded = {name: value.encode() for name, value in headers.items()}
    answer = await desk.send(headers=encoded)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert set(answer.json()) == {"detail"}
    assert (desk.broker.kept, counted("unverified")) == ([], before + 1)


@pytest.mark.parametrize(
    "path",
    ["/in/nobody", "/in", "/in/", "/", "/in/x/desk-1", "/in/desk-1x", "/inn/desk-1", "/indesk-1"],
)
async def test_what_is_sent_to_nobody_is_not_found(desk: Desk, path: str) -> None:
    before = counted("unknown", "")
    answer = await desk.send(path)
    assert (answer.status_code, counted("unknown", "")) == (404, before + 1)
    assert answer.json()["detail"]


@pytest.mark.parametrize("below", ["/", "/orders", "/packages/01%2F31/deliver?a=b", "//x/"])
async def test_what_is_sent_below_the_address_of_a_connection_is_its_own(
    desk: Desk, below: str
) -> None:
    """Marketplaces and others are given a base, and add the event to it."""
    assert (await desk.send(f"/in/desk-1{below}", method="PUT")).status_code == 200
    (delivery,) = desk.broker.deliveries
    assert (delivery.connection, delivery.url) == ("desk-1", f"/in/desk-1{below}")


async def test_a_delivery_may_be_put(desk: Desk) -> None:
    """As marketplaces do that tell of orders."""
    assert (await desk.send(method="PUT")).status_code == 200
    assert [delivery.method for delivery in desk.broker.deliveries] == ["PUT"]


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_other_methods_are_told_which_there_are(desk: Desk, method: str) -> None:
    before = counted("method")
    answer = await desk.send(method=method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST, PUT")
    assert (desk.broker.kept, counted("method")) == ([], before + 1)


async def test_a_sender_with_a_password_is_asked_for_it(company: Company) -> None:
    entry = (
        "\n  - {name: desk-1, system: helpdesk, auth: password, username: u, password_file: next}"
    )
    desk = Desk(company.book(entry), "")
    asked = await desk.send(headers={})
    assert (asked.status_code, asked.headers["www-authenticate"]) == (401, 'Basic realm="Nabiz"')
    word = b64encode(b"u:next-value").decode()
    assert (await desk.send(headers={"authorization": f"Basic {word}"})).status_code == 200


async def test_a_handshake_is_answered_and_a_ping_passed(desk: Desk) -> None:
    answer = await desk.send("/in/desk-1?challenge=c-7", b"", "GET", {})
    assert (answer.status_code, answer.text) == (200, "c-7")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    ping = await desk.send(body=b'{"ping": true}', headers={"content-type": "application/json"})
    assert (ping.status_code, ping.content) == (200, b"")
    assert desk.broker.kept == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_look_at_the_address_of_a_connection_is_answered(desk: Desk, method: str) -> None:
    answer = await desk.send(body=b"", method=method, headers={})
    assert answer.status_code == 200
    assert ("desk-1" in answer.text) == (method == "GET")


async def test_a_delivery_may_have_so_many_bytes(company: Company) -> None:
    desk = Desk(company.book(GOOD), "secret-value", max_bytes=1_024)
    before = counted("too_large")
    assert (await desk.send(body=b"x" * 1_024)).status_code == 200
    answer = await desk.send(body=b"x" * 1_025)
    assert (answer.status_code, counted("too_large")) == (413, before + 1)
    assert "1,024 bytes" in answer.json()["detail"]


async def test_a_connection_may_send_so_often_and_the_others_are_left_alone(
    company: Company,
) -> None:
    book = company.book(GOOD + GOOD.replace("desk-1", "desk-2"))
    desk = Desk(book, "secret-value", rate=2)
    before = counted("throttled")
    assert [(await desk.send()).status_code for _ in range(3)] == [200, 200, 429]
    assert (await desk.send()).headers["retry-after"] == "1"
    assert (await desk.send("/in/desk-2")).status_code == 200
    assert counted("throttled") == before + 2
    desk.pass_time(0.5)
    assert [(await desk.send()).status_code for _ in range(2)] == [200, 429]


async def test_wrong_signatures_take_nothing_from_the_rate_of_a_connection(
    company: Company,
) -> None:
    desk = Desk(company.book(GOOD), "secret-value", rate=1)
    for _ in range(3):
        assert (await desk.send(headers={"x-signature": "00"})).status_code == 401
    assert (await desk.send()).status_code == 200


async def test_while_the_broker_is_away_the_sender_is_told_to_come_again(desk: Desk) -> None:
    before = counted("away")
    desk.broker.error = BrokerUnavailable("Kafka is away")
    answer = await desk.send()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert counted("away") == before + 1
    desk.broker.error = None
    assert (await desk.send()).status_code == 200


async def test_a_connection_that_appears_is_served_and_one_that_goes_is_not(
    company: Company,
) -> None:
    book = company.book(GOOD)
    desk = Desk(book, "secret-value")
    company.write(GOOD.replace("desk-1", "desk-2"))
    book.reload()
    assert (await desk.send()).status_code == 404
    assert (await desk.send("/in/desk-2")).status_code == 200


async def test_a_mistake_of_ours_is_told_without_its_trace(desk: Desk) -> None:
    desk.broker.error = RuntimeError("a bug")
    answer = await desk.send()
    assert (answer.status_code, answer.json()) == (500, {"detail": "internal error; see the log"})
