"""What the doctor says of what it sees: facts in, findings out."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from faust import streams
from pydantic import SecretStr

from agents.runtime.app import make_app
from agents.runtime.batching import Batching
from agents.runtime.faust_check import UnfitFaust
from pipeline.broker.inspect import GroupFacts, TopicFacts
from pipeline.broker.lag import PartitionLag
from pipeline.cli import checkup, doctor, parts
from pipeline.cli.checkup import Finding
from pipeline.cli.exit_codes import exit_code
from pipeline.cli.main import main
from pipeline.config.groups import KafkaSettings
from pipeline.config.settings import Settings
from pipeline.contracts.topics import Privacy, TopicContract
from pipeline.contracts.topology import GROUPS, INPUTS, OF_CONNECTIONS, SCORED
from pipeline.store.health import Disk, StoreFacts

CONFIG = {"cleanup.policy": "delete", "retention.ms": "60000", "compression.type": "producer"}
THERE = TopicFacts(partitions=4, replicas=1, offline=0, behind=0, config={**CONFIG, "other": "1"})
LOG = msgspec.structs.replace(THERE, config={"cleanup.policy": "compact"})
STORE = StoreFacts("25.8.1", 0.2, (), {}, (Disk("default", 100 * checkup.GIB, 200 * checkup.GIB),))


def topic(name: str = "t") -> TopicContract:
    return TopicContract(name, "", "", "", (), CONFIG, Privacy((), ()), partitions=4)


def seen(name: str = "t", replication: int = 1, **changes: object) -> Finding:
    found = msgspec.structs.replace(THERE, **changes)
    return checkup.check_topic(topic(name), found, replication=replication, brokers=1)


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        (seen(), "ok", "4 partitions"),
        (seen(partitions=8), "ok", "8 partitions"),
        (seen(partitions=2), "problem", "2 partitions; declared: 4"),
        (seen(SCORED, partitions=8), "problem", "declare 8"),
        (seen(offline=1), "problem", "no leader"),
        (seen(behind=1), "warning", "in-sync"),
        (seen(replication=3), "warning", "1 replica, NABIZ_KAFKA_REPLICATION is 3"),
        (seen(config={**CONFIG, "retention.ms": "1"}), "problem", "retention.ms is 1, declared 60"),
        (
            seen(config={**CONFIG, "compression.type": "zstd"}),
            "warning",
            "compression.type is zstd",
        ),
        (
            checkup.check_topic(topic(), None, replication=1, brokers=1),
            "problem",
            "nabiz topics apply",
        ),
        (checkup.check_changelog(None, THERE, used=False), "ok", "when it first starts"),
        (checkup.check_changelog(None, THERE, used=True), "problem", "is gone"),
        (checkup.check_changelog(LOG, THERE, used=True), "ok", "compacted"),
        (checkup.check_changelog(THERE, THERE, used=True), "problem", "cleanup.policy is delete"),
        (
            checkup.check_changelog(LOG, msgspec.structs.replace(THERE, partitions=8), used=True),
            "problem",
            "4 partitions, cx.scored has 8",
        ),
    ],
)
def test_a_topic(found: Finding, state: str, words: str) -> None:
    assert found.state == state, found
    assert words in f"{found.found} {found.advice}"
    assert bool(found.advice) == (state != "ok")


def lags(events: int, committed: int | None = 5) -> list[PartitionLag]:
    return [
        PartitionLag(group, name, partition, committed, 100, events, None)
        for group, names in GROUPS.items()
        for name in names
        for partition in range(4)
    ]


def role(
    group: GroupFacts | None,
    before: list[PartitionLag],
    now: list[PartitionLag],
    name: str = "understand",
) -> tuple[str, str]:
    groups = dict.fromkeys(GROUPS, group) if group else {}
    findings = list(checkup.check_groups(groups, before, now))  # type: ignore[arg-type]
    assert [one.check for one in findings] == [f"role {role}" for role in INPUTS]
    always = {one.state for one in findings if one.check.split()[1] not in OF_CONNECTIONS}
    assert len(always) == 1
    return next((one.state, one.found) for one in findings if one.check == f"role {name}")


def test_a_role() -> None:
    one, idle, busy = GroupFacts("Stable", 1), lags(0), lags(3)
    assert role(one, idle, idle) == ("ok", "1 worker, 0 messages behind")
    assert role(one, busy, lags(3, committed=6))[0] == "ok"
    assert role(one, lags(3, committed=None), busy)[0] == "ok"
    state, found = role(one, busy, busy)
    assert state == "warning"
    assert "24 messages behind, and nothing was committed" in found
    assert role(None, idle, idle) == ("warning", "nobody reads; waiting: 0 messages")
    assert role(GroupFacts("Empty", 0), busy, busy)[1] == "nobody reads; waiting: 24 messages"
    assert role(GroupFacts("PreparingRebalance", 2), busy, busy)[1].endswith("partitions now")
    assert role(GroupFacts("Stable", 5), idle, idle)[0] == "warning"


@pytest.mark.parametrize("name", OF_CONNECTIONS)
def test_a_role_of_connections_is_needed_only_where_something_waits(name: str) -> None:
    assert role(None, lags(0), lags(0), name)[0] == "ok"
    assert role(None, lags(3), lags(3), name)[0] == "problem"


def store(**changes: object) -> list[Finding]:
    return list(checkup.check_store(msgspec.structs.replace(STORE, **changes)))


def test_a_store() -> None:
    assert [one.state for one in store()] == ["ok", "ok"]
    pending = store(pending=("events/002_more",))[0]
    assert (pending.state, pending.advice) == ("problem", "nabiz store migrate")
    assert "events/002_more" in pending.found
    refused = store(refused={"alerts": "readonly"})[0]
    assert (refused.state, refused.found) == ("problem", "table alerts takes no rows: readonly")
    full = store(disks=(Disk("cold", 10, 100),))[1]
    assert (full.check, full.state) == ("store's disk cold", "problem")


@pytest.mark.parametrize("version", ["24.8.1.2684", "24.10.1.1", "25.3.2", "26.9.2.1"])
def test_a_supported_server_is_not_remarked_on(version: str) -> None:
    assert [one.check for one in store(version=version)] == ["store", "store's disk default"]


@pytest.mark.parametrize("version", ["18.16.1", "23.12.6.19", "24.3.18.7"])
def test_an_older_server_is_a_warning(version: str) -> None:
    (finding,) = [one for one in store(version=version) if one.check == "store's version"]
    assert (finding.state, finding.advice) == ("warning", "upgrade ClickHouse")
    assert version in finding.found
    assert "24.8" in finding.found


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (None, "ok", "not told"),
        (0.3, "ok", "0.3 s ahead of"),
        (-0.3, "ok", "0.3 s behind"),
        (-3, "warning", "3.0 s behind"),
        (601, "problem", "601.0 s ahead of"),
    ],
)
def test_a_clock(ahead: float | None, state: str, words: str) -> None:
    found = checkup.check_clock("the broker", ahead)
    assert found.state == state
    assert words in found.found


def test_a_disk_that_fills_is_said_before_it_is_full() -> None:
    states = [checkup.check_disk("d", gib * checkup.GIB).state for gib in (0, 2, 9)]
    assert states == ["problem", "warning", "ok"]


def test_packages_that_differ_are_named() -> None:
    wanted = {"a": "1", "b": "2"}
    assert checkup.check_packages(wanted, wanted).state == "ok"
    older = checkup.check_packages(wanted, {"a": "1", "b": "1"})
    assert (older.state, older.found) == ("warning", "b 1, not 2")
    missing = checkup.check_packages(wanted, {"a": None, "b": "2"})
    assert (missing.state, missing.found) == ("problem", "a missing, not 1")


def test_a_password_in_plain_text_is_warned_of() -> None:
    open_ = KafkaSettings(
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_username="u",
        sasl_password=SecretStr("p"),
    )
    assert checkup.check_security(open_).state == "warning"
    assert checkup.check_security(KafkaSettings()).state == "ok"


def test_what_is_of_no_use_hides_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "DEADLINE", 0.2)

    def breaks() -> parts.Findings:
        yield Finding("first", "ok", "fine")
        raise RuntimeError("a bug")

    def hangs() -> parts.Findings:
        time.sleep(1)
        yield Finding("never", "ok", "")

    findings = doctor._look({"breaks": breaks, "hangs": hangs})
    assert [(one.check, one.state) for one in findings] == [
        ("first", "ok"),
        ("breaks", "problem"),
        ("hangs", "problem"),
    ]
    assert "a bug" in findings[1].found


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run `nabiz doctor` in this process; return its exit code and what it printed."""
    monkeypatch.setenv("no_proxy", "")  # `main` sets it

    def command(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["nabiz", "doctor", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), capsys.readouterr().out

    return command


def test_a_wrong_setting_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., tuple[int, str]]
) -> None:
    monkeypatch.setenv("NABIZ_KAFKA_REPLICATION", "0")
    code, out = run("--json")
    assert code == 1
    [finding] = json.loads(out)
    assert finding["check"] == "settings"
    assert finding["found"].startswith("NABIZ_KAFKA_REPLICATION: ")


def test_on_a_folder_where_nothing_runs_this_machine_is_looked_at(
    tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    code, out = run("--data", str(tmp_path))
    assert code == 1
    for check in ("nothing runs on", "settings", "data folder", "Python", "rules", "text model"):
        assert check in out
    for file in ("sla.yaml", "board.yaml"):
        assert file in out.replace("\n", "")
    assert "broker" not in out


def test_a_folder_without_rights_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    [finding] = parts._folder(file)
    assert (finding.state, finding.check) == ("problem", "data folder")


def test_faust_without_its_compiled_part_is_a_problem_and_no_role_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(streams, "_CStreamIterator", None)
    problem = doctor._look({"packages": parts._packages})[-1]
    assert (problem.check, problem.state) == ("packages", "problem")
    assert problem.found.startswith("Faust runs without its compiled part: unset NO_CYTHON")
    with pytest.raises(UnfitFaust) as refused:
        make_app("detect", Settings(data=tmp_path), Batching(fetch=1, size=1))
    assert exit_code(refused.value) == 2
