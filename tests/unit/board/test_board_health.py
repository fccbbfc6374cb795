"""The page of the roles, the store and the dead letters."""

import re
import shutil
from pathlib import Path

import msgspec
import pytest
from litestar.testing import TestClient

from pipeline.broker.continuity import FailedRules
from pipeline.config.groups import ROOT
from pipeline.detection.rules import RuleBook
from pipeline.service import service as service_module
from pipeline.store import StoreUnavailable
from tests.support.login_api import CHEAP, log_in
from tests.support.simulated_company import Company, app_of
from tests.support.stand_in_api import SEEN, FakePublisher, FakeStore, api, letter
from tests.unit.board.pages import Clock, book, page


def test_health_says_who_is_behind_and_sends_dead_letters_again(
    company: Company, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FakeStore()
    store.letters = [letter(1, sentence="<script>")]
    late = msgspec.structs.replace(SEEN, lag_seconds=60.0, role="record", lag_events=12_345)
    app = app_of(company, store=store, partitions=[SEEN, late])
    monkeypatch.setattr(service_module, "Publisher", FakePublisher)
    with TestClient(app) as client:
        client.headers["accept-language"] = "en"
        text = page(client, "/board/health")
        rows = re.findall(r'<small>(\w+)</small></th>\n<td><span class="\w+">(\w+)<', text)
        assert rows == [("detect", "fine"), ("record", "behind")]
        assert "The figures shown are 1 min behind." in text
        assert "12,345" in text
        assert "&lt;script&gt;" in text
        answer = client.post("/board/health/retry", data={"reason": "not_json"})
        assert answer.url.path == "/board/health"
        assert "Sent again: 1. Left as they are: 0." in answer.text
        store.fault = StoreUnavailable("the disk is gone")
        assert "the disk is gone" in page(client, "/board/health")


def test_health_is_for_those_who_run_it_others_are_told_in_words(
    company: Company, tmp_path: Path
) -> None:
    app = app_of(company, store=FakeStore(), book=book(tmp_path), passwords=CHEAP)
    with TestClient(app) as client:
        log_in(client, "agent")
        text = page(client, "/board/health?lang=en")
        assert "Everything is up to date." in text
        for detail in ("<table", "/board/health/retry", 'href="/board/health"'):
            assert detail not in text
        token = re.findall(r'data-csrf="([^"]+)"', text)[0]
        form = {"reason": "not_json", "csrf_token": token}
        assert client.post("/board/health/retry", data=form).status_code == 403


def test_health_and_status_say_which_rules_are_refused_and_which_fail(
    company: Company, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    rules = RuleBook(tmp_path / "rules")
    with TestClient(api(FakeStore(), rules=rules)) as client:
        status = client.get("/v1/status").json()["rules"]
        assert (status["count"], status["refused"], status["failed"]) == (
            len(rules.rules.rules), None, {}
        )  # fmt: skip
        (tmp_path / "rules" / "bad.yaml").write_text("name: [")
        rules.rules.failed["churn_intent"] = "budget exceeded"
        status = client.get("/v1/status").json()["rules"]
        assert "bad.yaml:1: not YAML" in status["refused"]
        assert status["failed"] == {"churn_intent": "budget exceeded"}
    noted = tuple(
        FailedRules(version, {rule: "of detect"})
        for version, rule in ((rules.rules.version, "furious_message"), ("old", "late_delivery"))
    )
    with TestClient(api(FakeStore(), rules=rules, noted=noted)) as client:
        failed = client.get("/v1/status").json()["rules"]["failed"]
    assert failed == {"churn_intent": "budget exceeded", "furious_message": "of detect"}
    with TestClient(app_of(company, store=FakeStore(), rules=rules)) as client:
        client.headers["accept-language"] = "en"
        text = page(client, "/board/health")
    assert "bad.yaml:1: not YAML" in text
    assert "The rule churn_intent failed on an event" in text


def test_health_and_status_tell_of_values_that_are_not_known(company: Company) -> None:
    store = FakeStore()
    store.unknown = [("type", "ticket.closed", 1_200), ("author_type", "<b>", 1)]
    with TestClient(app_of(company, store=store)) as client:
        client.headers["accept-language"] = "en"
        text = page(client, "/board/health")
    assert "1,200 events have a type that this version does not know" in text
    assert "<bdi>ticket.closed</bdi> – did you mean ticket.opened?" in text
    assert "&lt;b&gt;" in text
    with TestClient(api(store)) as client:
        assert client.get("/v1/status").json()["store"]["unknown"] == [
            {"field": "type", "value": "ticket.closed", "events": 1_200, "meant": "ticket.opened"},
            {"field": "author_type", "value": "<b>", "events": 1, "meant": None},
        ]
