"""The commands that ask the API: what they ask, and what they say of its answers."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.support.command_runs import Nabiz, answering


def test_what_asks_the_api_imports_neither_store_nor_broker() -> None:
    heavy = {"chdb", "faust", "kafka", "litestar", "clickhouse_driver"}
    code = f"import sys, pipeline.cli.ask; print(sorted({heavy} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize("command", ["kpis", "alerts", "status", "dead-letters"])
def test_an_api_that_is_away_is_a_sentence(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def refuse(*_: object, **__: object) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    monkeypatch.setattr(httpx, "request", refuse)
    ran = nabiz(command)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("nabiz: the API at http://127.0.0.1:8089 does not answer")
    assert "--data" in ran.err


def test_an_address_that_is_none_is_a_sentence(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NABIZ_API_URL", "http://[::1")
    ran = nabiz("status")
    assert ran.code == 3
    assert "NABIZ_API_URL" in ran.err


@pytest.mark.parametrize(("status", "code"), [(400, 2), (401, 2), (404, 2), (500, 3), (503, 3)])
def test_the_words_of_the_api_are_passed_on(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    answering(monkeypatch, status, {"detail": "by: there is no dimension 'nonsense'"})
    ran = nabiz("kpis", "--by", "nonsense")
    assert ran.code == code
    assert "there is no dimension 'nonsense'" in ran.err


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "text/html"), (200, ""), (302, "text/html"), (304, "application/json")],
)
def test_what_answers_and_is_not_nabiz_is_a_sentence(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, status: int, kind: str
) -> None:
    page = httpx.Response(status, headers={"Content-Type": kind}, content=b"<h1>It works!</h1>")
    monkeypatch.setattr(httpx, "request", lambda *_, **__: page)
    ran = nabiz("kpis")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "nabiz: what answers at http://127.0.0.1:8089 is not Nabız (NABIZ_API_URL)\n"
    )


@pytest.mark.parametrize("body", [b"<h1>No</h1>", b'["no"]', b"\xff\xfe\xfa", b""])
def test_a_refusal_without_words_of_the_api_is_told_by_its_status(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(httpx, "request", lambda *_, **__: httpx.Response(404, content=body))
    assert nabiz("kpis") == (2, "", "nabiz: status 404\n")


def test_what_is_asked_of_the_api(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_API_TOKEN", "secret")
    asked = answering(monkeypatch, 200, [])
    arguments = ["--from", "2026-03-01T00:00:00+03:00", "--window", "1d", "--by", "channel,brand"]
    ran = nabiz("kpis", *arguments, "--json")
    assert (ran.code, json.loads(ran.out)) == (0, [])
    assert dict(asked[0].url.params.multi_items()) == {
        "from": "2026-03-01T00:00:00+03:00",
        "window_seconds": "86400",
        "by": "brand",
    }
    assert asked[0].url.params.get_list("by") == ["channel", "brand"]
    assert asked[0].headers["authorization"] == "Bearer secret"


def test_a_list_that_may_go_on_says_so(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = {"topic": "t", "partition": 0, "offset": 1, "reason": "not_json", "sentence": "s"}
    letter |= {"payload": "", "key": None, "received_at": "2026-03-01T00:00:00Z"}
    answering(monkeypatch, 200, [letter, letter])
    more = nabiz("dead-letters", "--limit", "2", "--json")
    assert (more.code, more.err) == (0, "the newest 2; there may be more: --limit\n")
    assert len(json.loads(more.out)) == 2
    assert nabiz("dead-letters", "--limit", "3").err == ""


def test_what_is_done_about_an_alert_is_asked_for_and_can_be_taken_back(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = {"action_id": "x1", "alert_id": "a1", "customer_id": "c1", "kind": "resolve"}
    done |= {"by": "local", "at": "2026-03-01T00:00:00Z"}
    asked = answering(monkeypatch, 201, done)
    ran = nabiz("act", "a1", "resolve", "--outcome", "rescued", "--note", "kalıyor")
    assert (ran.code, asked[0].url.path) == (0, "/v1/alerts/a1/actions")
    body = {name: value for name, value in json.loads(asked[0].content).items() if value}
    assert body == {"kind": "resolve", "outcome": "rescued", "note": "kalıyor"}
    assert "nabiz act a1 undo --action x1" in ran.out
    assert nabiz("act", "a1", "explode").code == 2


def test_a_snooze_ends_so_long_after_now(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 404, {"detail": "there is no such alert"})
    before = datetime.now(UTC)
    ran = nabiz("act", "a1", "snooze", "--for", "2h")
    until = datetime.fromisoformat(json.loads(asked[0].content)["until"])
    assert timedelta(hours=2) <= until - before < timedelta(hours=2, minutes=1)
    assert (ran.code, "there is no such alert" in ran.err) == (2, True)


def test_follow_ups_show_in_whose_hands_they_are(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"alert_id": "a1", "customer_id": "c1", "cause": "churn_intent", "severity": "high"}
    one |= {"stage": "acknowledged", "revision": 2, "owner": "[red]ayşe", "escalation": 1}
    one |= {"opened_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z"}
    asked = answering(monkeypatch, 200, [one])
    ran = nabiz("follow-ups", "--stage", "acknowledged", "--customer", "c1")
    assert dict(asked[0].url.params) == {
        "stage": "acknowledged",
        "customer_id": "c1",
        "limit": "1000",
    }
    assert "acknowledged" in ran.out
    assert "[red]ayşe" in ran.out


def test_cases_show_all_that_is_wrong_for_a_customer(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = "2026-03-01T00:00:00Z"
    cause = {"severity": "high", "state": "open", "stage": "open", "opened_at": at}
    causes = [{**cause, "alert_id": f"a{i}", "cause": f"cause_{i}"} for i in (1, 2)]
    one = {"case_id": "k1", "customer_id": "c1", "severity": "high", "stage": "open", "revision": 1}
    one |= {"opened_at": at, "updated_at": at, "causes": causes, "contact_due": at}
    asked = answering(monkeypatch, 200, [one])
    ran = nabiz("cases", "--customer", "c1")
    assert asked[0].url.path == "/v1/cases"
    assert dict(asked[0].url.params) == {"customer_id": "c1", "limit": "1000"}
    for shown in ("k1", "cause_1", "cause_2", "high", "open"):
        assert shown in ran.out


def test_a_retry_is_asked_for_by_reason(nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, 200, {"sent": 2, "skipped": 1})
    ran = nabiz("dead-letters", "retry", "--reason", "not_json")
    assert ran == (0, "published again: 2, left as they are: 1\n", "")
    assert json.loads(asked[0].content) == {"reason": "not_json"}
