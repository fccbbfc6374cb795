"""The commands of every day, on one machine that has been stopped and started again."""

import base64
import gzip
import json
import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kafka import KafkaProducer

from pipeline.contracts.topology import INPUTS, INTERACTIONS
from pipeline.model.dead_letter import Reason
from tests.e2e.machine import Machine, descendants, run, running_machine

SIMULATED = ("--seed", "5", "--customers", "150", "--days", "2", "--start", "2026-01-05T00:00:00Z")
WHOLE = ("--from", "2026-01-05T00:00:00Z", "--to", "2026-01-07T00:00:00Z")

PERSONAL = "ali.veli@example.com 0532 123 45 67"
GOOD = {
    "event_id": "good",
    "occurred_at": "2026-02-01T10:00:00+03:00",
    "customer_id": "c1",
    "channel": "chat",
    "type": "message",
    "text": PERSONAL,
}


def changed(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def scored(value: float, scale_max: float) -> bytes:
    score = {"metric": "nps", "value": value, "scale_min": 0, "scale_max": scale_max}
    return changed(type="survey", score=score)


IN_A_DAY = (datetime.now(UTC) + timedelta(days=1)).isoformat()
OF_DELIVERIES = {Reason.UNKNOWN_CONNECTION, Reason.MAPPING_FAILED, Reason.LOOK_UP_FAILED}
"""Reasons that only what other systems sent can have: tests of `translate` have them."""
INVALID: dict[Reason, tuple[bytes | None, bytes]] = {
    Reason.TOO_LARGE: (b"c1", changed(text=PERSONAL + " x" * 150_000)),
    Reason.EMPTY: (b"c1", b""),
    Reason.NOT_UTF8: (b"c1", changed().replace(b"good", b"g\xf6\xf6d")),
    Reason.NOT_JSON: (b"c1", changed()[:-1]),
    Reason.MISSING_FIELD: (b"c1", changed().replace(b'"channel"', b'"chanel"')),
    Reason.WRONG_TYPE: (b"c1", changed(channel=7)),
    Reason.UNKNOWN_TYPE: (b"c1", changed(type="Mesage")),
    Reason.TIME_WITHOUT_OFFSET: (b"c1", changed(occurred_at="2026-02-01T10:00:00")),
    Reason.TIME_IN_FUTURE: (b"c1", changed(occurred_at=IN_A_DAY)),
    Reason.TEXT_TOO_LONG: (b"c1", changed(text=PERSONAL + " x" * 10_000)),
    Reason.SCORE_OUT_OF_SCALE: (b"c1", scored(11, 10)),
    Reason.UNSUPPORTED_SCALE: (b"c1", scored(4, 5)),
    Reason.MISSING_KEY: (None, changed()),
    Reason.KEY_MISMATCH: (b"c2", changed()),
}
"""A message, with its key, for every reason to refuse one."""


class Told(NamedTuple):
    """What the commands said before the machine was stopped."""

    kpis: list[dict[str, Any]]
    alerts: list[dict[str, Any]]


class Restarted(NamedTuple):
    nabiz: Machine
    before: Told
    events: Path


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarted]:
    folder = tmp_path_factory.mktemp("commands")
    events = folder / "events.jsonl.gz"
    events.write_bytes(gzip.compress(run("simulate", *SIMULATED).encode()))
    with running_machine(folder / "data") as nabiz:
        nabiz.run("replay", str(events), "--source", "events")
        nabiz.run("drain")
        before = told(nabiz)
    with running_machine(folder / "data") as nabiz:
        yield Restarted(nabiz, before, events)


def told(nabiz: Machine) -> Told:
    return Told(nabiz.json("kpis", *WHOLE, "--as-of", "2026-02-01T00:00:00Z"), nabiz.json("alerts"))


def test_a_second_start_goes_on_with_what_is_there(restarted: Restarted) -> None:
    nabiz, before, _ = restarted
    assert told(nabiz) == before


def test_drain_says_no_while_a_role_stands_still(restarted: Restarted) -> None:
    nabiz, before, events = restarted
    [understand] = [pid for pid in descendants(nabiz.process.pid) if b"understand" in command(pid)]
    os.kill(understand, signal.SIGSTOP)
    try:
        nabiz.run("replay", str(events), "--source", "events")
        assert "not drained within 0 s" in nabiz.run("drain", "--timeout", "0", exit_code=1)
    finally:
        os.kill(understand, signal.SIGCONT)
    nabiz.run("drain")
    assert told(nabiz) == before


def test_kpis_alerts_and_customers_are_told_as_documented(restarted: Restarted) -> None:
    nabiz, before, events = restarted
    lines = [json.loads(line) for line in gzip.decompress(events.read_bytes()).splitlines()]
    assert value(before, "events") == len(lines)
    for kpi in before.kpis:
        assert list(kpi)[:9] == [
            *("kpi", "slice", "value", "n", "ci_low", "ci_high"),
            *("window_start", "window_end", "definition_version"),
        ]
    alert = before.alerts[0]
    assert alert.keys() >= {
        *("id", "cause", "severity", "title", "customer_id", "opened_at", "state", "risk"),
        *("contributions", "evidence", "playbook", "dedup_key"),
    }
    customer = nabiz.json("customer", alert["customer_id"])
    mine = [line["event_id"] for line in lines if line["customer_id"] == alert["customer_id"]]
    texts = {one["event"]["event_id"]: one["event"].get("text") for one in customer["events"]}
    assert list(texts) == mine
    assert alert in customer["alerts"]
    assert alert["evidence"]
    for one in alert["evidence"]:
        assert (texts[one["event_id"]] or "")[one["start"] : one["end"]] == one["quote"]


def test_every_reason_to_refuse_a_message_makes_its_dead_letter(restarted: Restarted) -> None:
    nabiz = restarted.nabiz
    assert INVALID.keys() == set(Reason) - OF_DELIVERIES
    producer = KafkaProducer(bootstrap_servers=nabiz.addresses()["kafka"])
    for number, (key, value_) in enumerate(INVALID.values()):
        producer.send(INTERACTIONS, key=key, value=value_)
        producer.send(INTERACTIONS, key=b"c1", value=changed(event_id=f"good-{number}"))
    producer.flush()
    producer.close()
    nabiz.run("drain")

    letters = nabiz.json("dead-letters")
    assert sorted(letter["reason"] for letter in letters) == sorted(INVALID)
    for letter in letters:
        payload = base64.b64decode(letter["payload"])
        assert b"veli" not in payload
        assert b"123 45 67" not in payload
        assert letter["sentence"][-1] in ".?"
    events = nabiz.json("customer", "c1")["events"]
    assert {one["event"]["event_id"] for one in events} == {f"good-{n}" for n in range(14)}
    assert "veli" not in json.dumps(events)
    assert nabiz.json("status")["store"]["dead_letters"] == dict.fromkeys(INVALID, 1)

    assert nabiz.json("dead-letters", "retry", "--reason", "not_json") == {"sent": 1, "skipped": 0}
    nabiz.run("drain")
    old, new = sorted(
        nabiz.json("dead-letters", "--reason", "not_json"), key=lambda one: not one["retried_at"]
    )
    assert old["retried_at"]
    assert new["retried_at"] is None
    assert new["payload"] == old["payload"]
    assert nabiz.json("status")["store"]["dead_letters"] == dict.fromkeys(INVALID, 1)


def test_what_is_of_a_test_is_kept_and_counts_nowhere(restarted: Restarted, tmp_path: Path) -> None:
    nabiz = restarted.nabiz
    nps = {"type": "survey", "channel": "survey", "text": None}
    low, high = (
        {"metric": "nps", "value": value, "scale_min": 0, "scale_max": 10} for value in (0, 10)
    )
    threat = "DENEME aboneliğimi iptal etmek istiyorum, avukatıma vereceğim"
    events = [
        changed(event_id="t1", customer_id="qa", score=low, segment="İnternal", **nps),
        changed(event_id="t2", customer_id="m-2", score=high, **nps),
        changed(event_id="t3", customer_id="qa", text=threat, attributes={"test": True}),
    ]
    file = tmp_path / "tests.jsonl"
    file.write_bytes(b"\n".join(event.replace(b"2026-02-01", b"2026-01-12") for event in events))
    nabiz.run("replay", str(file), "--source", "events")
    nabiz.run("drain")
    day = ("--from", "2026-01-12T00:00:00+03:00", "--to", "2026-01-13T00:00:00+03:00")
    found = {one["kpi"]: (one["value"], one["n"]) for one in nabiz.json("kpis", *day)}
    assert found["nps"] == (100, 1)
    assert found["active_customers"] == (1, 1)
    assert found["negative_customers"][0] in (None, 0)
    tester = nabiz.json("customer", "qa")
    assert [one["event"]["event_id"] for one in tester["events"]] == ["t1", "t3"]
    assert (tester["alerts"], tester["risk"]) == ([], 0)


def test_status_shows_every_role_at_the_end_of_its_topics(restarted: Restarted) -> None:
    nabiz = restarted.nabiz
    nabiz.run("drain")
    status = nabiz.json("status")
    assert {one["role"] for one in status["partitions"]} == {*INPUTS}
    assert sum(one["lag_events"] for one in status["partitions"]) == 0
    assert status["broker"] == {"bootstrap": nabiz.addresses()["kafka"], "problem": None}


def test_a_folder_or_port_that_is_in_use_is_refused_and_left_alone(
    restarted: Restarted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAKELEVEL", raising=False)  # `make run` is told another thing to type
    nabiz = restarted.nabiz
    assert "runs on" in nabiz.run("up", "--port", "0", "--sample", "none", exit_code=2)
    nabiz.run("status")

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = run("up", "--data", str(tmp_path / "other"), "--port", port, exit_code=2)
    assert f"port {port} is in use" in said
    assert "nabiz up --port 0" in said


def value(told: Told, kpi: str) -> float:
    [found] = [one["value"] for one in told.kpis if one["kpi"] == kpi]
    return float(found)


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
