"""The HTTP API over a store and a broker that are stand-ins: what is asked, refused, answered."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from structlog.testing import capture_logs

from pipeline.config.groups import ROOT
from pipeline.detection.rules import RuleBook
from pipeline.kpi.definitions import Window
from pipeline.model.dead_letter import Reason
from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.service import service as service_module
from pipeline.store import StoreUnavailable
from tests.support.alerts import made_up
from tests.support.stand_in_api import NOW, FakePublisher, FakeStore, api, letter

HOUR = timedelta(hours=1)


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def client(store: FakeStore) -> Iterator[TestClient[Litestar]]:
    with TestClient(api(store), raise_server_exceptions=False) as client:
        yield client


def detail(client: TestClient[Litestar], address: str, status: int = 400) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return str(answer.json()["detail"])


FROM, TO = "2026-03-01T09:00:00%2B03:00", "2026-03-01T09:00:00Z"
SIX, NINE = datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("", NOW - HOUR, NOW),
        ("window_seconds=60", NOW - timedelta(minutes=1), NOW),
        (f"as_of={TO}", NINE - HOUR, NINE),
        (f"from={FROM}", SIX, SIX + HOUR),
        (f"to={TO}", NINE - HOUR, NINE),
        (f"from={FROM}&to={TO}", SIX, NINE),
        ("from=2026-03-01T09:00:00+03:00&to=2026-03-01T09:00:00Z", SIX, NINE),
    ],
)
def test_the_window_of_the_kpis(
    client: TestClient[Litestar], store: FakeStore, query: str, start: datetime, end: datetime
) -> None:
    answer = client.get(f"/v1/kpis?{query}")
    assert answer.status_code == 200
    assert store.asked["window"] == Window(start, end)
    assert {row["kpi"]: row["value"] for row in answer.json()}["events"] == 3


@pytest.mark.parametrize("query", ["by=channel&by=brand", "by=channel,brand", "by=channel, brand"])
def test_dimensions_may_be_repeated_or_separated_by_commas(
    client: TestClient[Litestar], store: FakeStore, query: str
) -> None:
    assert client.get(f"/v1/kpis?{query}").status_code == 200
    assert store.asked["by"] == ["channel", "brand"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-03-01T09:00:00", "from: '2026-03-01T09:00:00' lacks its offset"),
        (
            "as_of=0001-01-01T00:00:00Z",
            "as_of: the year of '0001-01-01T00:00:00Z' must be from 1970",
        ),
        ("from=9999-12-31T23:59:59Z", "from: the year of '9999-12-31T23:59:59Z' must be from 1970"),
        ("to=2106-01-01T00:00:00Z", "to: the year of '2106-01-01T00:00:00Z' must be from 1970"),
        ("as_of=2026-03-01", "as_of: '2026-03-01' lacks its offset"),
        ("to=noon", "to: 'noon' is not a time like 2026-01-31T09:00:00.03:00"),
        (f"from={TO}&to={FROM}", "the window ends .* before it starts"),
        (
            "by=colour",
            "unknown dimension 'colour'; use one of channel, touchpoint, segment, brand, sou",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    client: TestClient[Litestar], query: str, words: str
) -> None:
    assert re.search(words, detail(client, f"/v1/kpis?{query}"))


def test_alerts_are_asked_for_with_every_filter(
    client: TestClient[Litestar], store: FakeStore
) -> None:
    assert client.get(f"/v1/alerts?since={FROM}&customer_id=c%2F1&limit=5").json() == []
    assert store.asked == {
        "since": SIX,
        "customer_id": "c/1",
        "without_states": ("withdrawn",),
        "limit": 5,
    }
    client.get("/v1/alerts?withdrawn=true")
    assert store.asked["without_states"] == ()
    assert "since: " in detail(client, "/v1/alerts?since=2026-03-01T09:00:00")


def complaint(hour: int) -> Scored:
    at = NOW - hour * HOUR
    return Scored(Event(f"e{hour}", at, "c1", "sikayetvar", EventType.COMPLAINT), None, at)


def test_the_risk_follows_the_rules_as_they_are_now(store: FakeStore, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rules", tmp_path, dirs_exist_ok=True)
    rule = tmp_path / "public_complaint.yaml"
    with TestClient(api(store, rules=RuleBook(tmp_path))) as client:

        def risk() -> float:
            return float(client.get("/v1/customer?customer_id=c1").json()["risk"])

        store.events = [complaint(1)]
        heavy = risk()
        rule.write_text(re.sub("(?m)^weight: .*", "weight: 0.01", rule.read_text("utf-8")), "utf-8")
        light = risk()
        rule.write_text("no rule", "utf-8")
        assert (light < heavy, risk()) == (True, light)


def test_a_customer_has_a_timeline_a_risk_and_its_reasons(
    client: TestClient[Litestar], store: FakeStore
) -> None:
    store.events = [complaint(1), complaint(2)]
    view = client.get("/v1/customer?customer_id=c1").json()
    assert [one["event"]["event_id"] for one in view["events"]] == ["e2", "e1"]
    assert 0 < view["risk"] < 1
    assert sum(one["share"] for one in view["contributions"]) == pytest.approx(1)
    (without,) = view["what_if"]["without"]
    assert (view["what_if"]["risk"], without["risk"]) == (view["risk"], 0.0)
    assert without["event_ids"] == ["e2", "e1"]
    assert detail(client, "/v1/customer?customer_id=c2", 404) == (
        "nothing is known of this customer"
    )


def test_an_alert_has_its_risk_without_each_cause_as_of_its_last_change(
    client: TestClient[Litestar], store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert detail(client, "/v1/alerts/a1/what-if", 404) == "there is no such alert"
    store.events = [complaint(1), complaint(2)]
    at = store.events[1].event.occurred_at
    monkeypatch.setattr(store, "alerts", lambda **_: [made_up("a1", at, customer_id="c1")])
    answers = client.get("/v1/alerts/a1/what-if").json()
    assert answers["at"] == at.isoformat().replace("+00:00", "Z")
    assert [(one["rule"], one["risk"], one["event_ids"]) for one in answers["without"]] == [
        ("public_complaint", 0.0, ["e2"])
    ]
    (solved,) = answers["calming"]
    assert solved["titles"]["en"] == "Solved, and the customer is content"
    assert solved["ends"] == ["public_complaint"]
    assert 0 < solved["risk"] < answers["risk"]


def test_a_dead_letter_is_published_again_once(
    client: TestClient[Litestar], store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "Publisher", FakePublisher)
    line_of_a_file = letter(2, topic="file:events.jsonl")
    kept_in_part = letter(4, reason=Reason.TOO_LARGE)
    store.letters = [letter(1), letter(3, retried_at=NOW - HOUR), line_of_a_file, kept_in_part]
    answer = client.post("/v1/dead-letters/retry", json={"reason": "not_json"})
    assert answer.json() == {"sent": 1, "skipped": 3}
    assert store.asked["reason"] is Reason.NOT_JSON
    assert FakePublisher.sent == [("cx.feedback", b"c1", b"{")]
    assert store.letters == [letter(1, retried_at=NOW)]


def test_dead_letters_are_listed_by_reason(client: TestClient[Litestar], store: FakeStore) -> None:
    store.letters = [letter(1)]
    assert client.get("/v1/dead-letters?reason=empty&limit=9").json()[0]["offset"] == 1
    assert store.asked == {"reason": Reason.EMPTY, "limit": 9}


def test_status_joins_what_is_seen_of_the_roles_the_store_and_the_broker(
    client: TestClient[Litestar], store: FakeStore
) -> None:
    status = client.get("/v1/status").json()
    assert status["partitions"][0]["lag_events"] == 7
    assert status["store"]["engine"] == "26.9"
    assert status["store"]["rows"] == {"events": 3}
    assert status["broker"] == {"bootstrap": "kafka:9092", "problem": None}
    store.fault = StoreUnavailable("the disk is gone")
    assert client.get("/v1/status").json()["store"]["problem"] == "the disk is gone"


def test_health_is_that_of_the_store(client: TestClient[Litestar], store: FakeStore) -> None:
    assert client.get("/healthz").text == "ok"
    store.fault = StoreUnavailable("the disk is gone")
    assert detail(client, "/healthz", 503) == "the disk is gone"


def test_a_bug_is_logged_and_not_told(client: TestClient[Litestar], store: FakeStore) -> None:
    store.fault = KeyError("inner matters")
    with capture_logs() as logs:
        answer = client.get("/healthz")
    assert answer.status_code == 500
    assert "inner matters" not in answer.text
    assert [(one["event"], one["path"]) for one in logs] == [("request failed", "/healthz")]


def test_metrics_are_those_of_this_process(client: TestClient[Litestar]) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "process_start_time_seconds " in answer.text


def test_openapi_describes_every_path_and_loads_nothing_from_elsewhere(
    client: TestClient[Litestar],
) -> None:
    document = client.get("/schema/openapi.json").json()
    answers = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            (good,) = (one for code, one in operation["responses"].items() if code < "300")
            (content,) = good["content"].values()
            schema = content["schema"]
            answers[path, method] = schema.get("items", schema).get("$ref", schema.get("type"))
    assert {key: re.split("[/_]", ref)[-1] for key, ref in answers.items()} == {
        ("/v1/kpis", "get"): "KpiValue",
        ("/v1/alerts", "get"): "Alert",
        ("/v1/customer", "get"): "CustomerView",
        ("/v1/dead-letters", "get"): "DeadLetter",
        ("/v1/dead-letters/retry", "post"): "RetryResult",
        ("/v1/status", "get"): "Status",
        ("/v1/audit", "get"): "AuditEntry",
        ("/v1/follow-ups", "get"): "FollowUp",
        ("/v1/cases", "get"): "Case",
        ("/v1/alerts/{alert_id}/actions", "post"): "Action",
        ("/v1/alerts/{alert_id}/what-if", "get"): "WhatIf",
        ("/healthz", "get"): "string",
    }
    names = [parameter["name"] for parameter in document["paths"]["/v1/kpis"]["get"]["parameters"]]
    assert sorted(names) == ["as_of", "by", "from", "to", "window_seconds"]
    assert client.get("/schema").json() == document
    assert client.get("/schema/swagger").status_code == 404
