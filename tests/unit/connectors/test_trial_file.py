"""`nabiz connectors test`: recorded deliveries, whatever is in the files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.groups import ROOT
from pipeline.connectors import trial_file
from pipeline.connectors.trial_file import Bench
from tests.support.command_runs import Nabiz

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
FIXTURES = ROOT / "connectors" / "pagerduty" / "fixtures"
BENCH = Bench(ROOT / "connectors")


def recorded(name: str, **changes: Any) -> bytes:
    data = json.loads((FIXTURES / f"{name}.json").read_bytes())
    return json.dumps({**data, **changes}).encode()


def tried(folder: Path, content: bytes) -> Any:
    file = folder / "delivery.json"
    file.write_bytes(content)
    return BENCH.tried(file, NOW)


def test_a_line_of_json_a_file(nabiz: Nabiz, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(recorded("triggered", expect={"outcome": "ignore"}))
    (tmp_path / "no.json").write_text('{"sys')
    names = [FIXTURES / "triggered.json", tmp_path / "other.json", tmp_path / "no.json"]
    names += [FIXTURES / "wrong_signature.json", tmp_path / "missing.json"]
    ran = nabiz("connectors", "test", *map(str, names), "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["file"] for line in lines] == list(map(str, names))
    assert [(line["outcome"], line["status"], line["reason"]) for line in lines] == [
        ("events", 200, None),
        ("events", 200, None),
        ("unreadable", None, None),
        ("refuse", 401, "bad_signature"),
        ("unreadable", None, None),
    ]
    assert [event["customer_id"] for event in lines[0]["events"]] == ["M-204", "M-377"]
    assert lines[1]["problems"] == [
        "`outcome` is 'events', expected 'ignore'",
        "there are 2 events, expected 0",
    ]
    assert "cannot be read (No such file" in lines[4]["detail"]
    assert (ran.code, ran.err) == (1, "")


def test_people_read_what_became_of_each(nabiz: Nabiz) -> None:
    ran = nabiz("connectors", "test", *map(str, sorted(FIXTURES.glob("*.json"))))
    assert "outage.started" in ran.out
    assert "the signature does not match the request" in " ".join(ran.out.split())
    assert ran.code == 0


def test_a_system_without_a_mapping_is_told(tmp_path: Path) -> None:
    for system in ("nowhere", "../pagerduty", ""):
        trial = tried(tmp_path, recorded("triggered", system=system))
        assert (trial.outcome, trial.reason) == ("refuse", "no_mapping")
        assert f"no system `{system}`" in trial.detail


def test_a_mapping_with_a_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "mapping.yaml").write_text("system: shop\n")
    file = tmp_path / "delivery.json"
    file.write_bytes(recorded("triggered", system="shop"))
    trial = Bench(tmp_path).tried(file, NOW)
    assert (trial.outcome, trial.reason) == ("refuse", "no_mapping")
    assert "mapping.yaml:1: " in trial.detail


def test_a_fault_of_ours_is_told_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def failing(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(trial_file, "tried", failing)
    trial = tried(tmp_path, recorded("triggered", expect=None))
    assert (trial.outcome, trial.reason) == ("refuse", "fault")
    assert "KeyError('lost')" in trial.detail


def test_settings_that_nobody_declared_are_no_mistake(tmp_path: Path) -> None:
    connection = {"auth": "none", "affected": {"PFIBER1": ["M-1"]}, "anything": [1, {"a": None}]}
    trial = tried(tmp_path, recorded("triggered", connection=connection, expect=None))
    assert [event["customer_id"] for event in trial.events] == ["M-1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"method": None, "url": None, "headers": None, "body": None, "expect": None},
        {"received_at": "2026-12-01T09:30:05", "connection": {"auth": "none", "scope": {"a": 1}}},
        {"connection": {"questions": 5}, "expect": None},
        {"form": {"a": ["1", None], "b": 2, "c": "\ud83d"}, "expect": None},
    ],
)
def test_odd_deliveries_are_tried_like_others(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert tried(tmp_path, recorded("triggered", **changes)).outcome != ""


@pytest.mark.parametrize("half", [b"\\ud83d", b"\\uDE00", b"\xed\xa0\xbd"])
def test_half_an_emoji_is_kept_as_a_sign_of_what_was_cut(tmp_path: Path, half: bytes) -> None:
    body = (ROOT / "connectors/nabiz/fixtures/one.json").read_bytes()
    trial = tried(tmp_path, body.replace(b"donuyor.", b"\\ud83d\\ude00\\\\ud83d" + half))
    assert [event["text"] for event in trial.events] == ["Ödeme sayfası 😀\\ud83d\ufffd"]


def test_rows_of_a_file_are_dated_as_the_file_is(tmp_path: Path) -> None:
    rows = [["ID", "Tarih", "Müşteri No", "NPS"], ["1", "1/2/2026", "M", "9"]]
    connection = {"timezone": "UTC", "pseudonym_key": "k"}
    for further, date in (("12/31/2025", "2026-01-02"), ("31/12/2025", "2026-02-01")):
        csv = [*rows, ["2", further, "M", 8]]
        file = {"system": "survey_file", "transport": "file", "csv": csv, "connection": connection}
        trial = tried(tmp_path, json.dumps(file).encode())
        assert [event["occurred_at"][:10] for event in trial.events] == [date, "2025-12-31"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    content = recorded("triggered", expect=None).decode().encode(encoding)
    assert tried(tmp_path, content).outcome == "events"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        *("system", "transport", "method", "url", "headers", "body", "raw_body", "form", "csv"),
        *("received_at", "fetches", "connection", "expect"),
    ]
)


@settings(deadline=None)
@given(changes=st.dictionaries(KEYS, VALUES, max_size=3))
def test_nothing_in_a_file_raises(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    trial = tried(tmp_path_factory.getbasetemp(), recorded("triggered", **changes))
    assert trial.reason != "fault"


@settings(deadline=None)
@given(content=st.binary(max_size=300) | st.just(b"[" * 100_000))
def test_no_content_of_a_file_raises(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    assert tried(tmp_path_factory.getbasetemp(), content).outcome == "unreadable"
