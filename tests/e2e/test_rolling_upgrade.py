"""The last release and this one side by side: what one writes the other reads."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.chaos.content import untruths
from benchmarks.chaos.load import Message, make_load
from benchmarks.chaos.messages import last_values
from benchmarks.chaos.system import System
from benchmarks.clickhouse_18.server import ClickHouse
from pipeline.config.groups import ROOT
from pipeline.contracts.compatibility import breaking_changes
from pipeline.contracts.topology import ACTIONS, OF_EVENTS, changelog_of
from pipeline.follow_up.case import Case
from pipeline.model.action import Action
from pipeline.notify.thread import NotificationState
from pipeline.store import Backend, Store
from tests.e2e.machine import running_machine
from tests.support.last_release import environment_of, last_release
from tests.support.listeners import http_recorder
from tests.support.servers import running_clickhouse

EVENTS, RATE, SEED = 500, 25, 23
"""The load takes 20 seconds: long enough for workers to come and go while it lasts."""
ROLES = (*OF_EVENTS, "follow_up", "notify")
"""The roles of both releases."""
SIDE_BY_SIDE = tuple(role for role in ROLES if role != "notify")
"""Roles whose workers of both releases share the partitions; `notify` reads other topics now."""

ROUTES = """
language: en
max_age: 9999d  # the load has its own dates
update_every: 0s
routes: [{name: all, channels: [hook]}]
"""
AGENT = "ayşe"
ALIKE = ("id", "cause", "severity", "customer_id", "opened_at", "state", "closed_at")
"""Fields of alerts that are the same in both releases."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return last_release(tmp_path_factory.mktemp("last"))


@pytest.fixture
def clickhouse(tmp_path: Path) -> Iterator[ClickHouse]:
    with running_clickhouse(tmp_path / "clickhouse") as server:
        yield server


def judged_alike(load: Sequence[Message], rules: Path, release: Path) -> list[Message]:
    """The part of a load whose customers both releases judge alike.

    Some they do not: this one reads more texts, hears more in them, and tells contacts apart in
    another way.
    """
    ours, theirs = (
        known_alike(alerts_alone(load, rules, env)) for env in ({}, environment_of(release))
    )
    others = {
        alert["customer_id"]
        for alert in [*ours, *theirs]
        if not (alert in ours and alert in theirs)
    }
    told = {alert["customer_id"] for alert in ours}
    assert len(told - others) > len(told) * 0.6
    return [message for message in load if message.key.decode() not in others]


def known_to(release: Path) -> list[Message]:
    """The load, of events that the last release knows."""
    schemas = [release / "schemas" / f"cx.{name}" for name in ("interactions", "feedback")]
    schema = json.loads((schemas[0] / "v1.schema.json").read_text())
    known = schema["$defs"]["EventType"]["enum"]
    return [
        message
        for message in make_load(SEED, EVENTS)
        if not message.event_id or json.loads(message.value)["type"] in known
    ]


def alerts_alone(
    load: Sequence[Message], rules: Path, release: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The alerts that a release alone makes of a load."""
    program = ROOT / "tests" / "support" / "alerts_alone.py"
    made = subprocess.run(
        [sys.executable, str(program), str(rules)],
        input=b"\n".join(message.value for message in load if message.event_id),
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **release},
        capture_output=True,
        check=True,
    )
    alerts: list[dict[str, Any]] = json.loads(made.stdout)
    return alerts


def known_alike(alerts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What both releases say of the alerts: how risk is worked out, and what is quoted, differs."""
    return sorted(({field: alert[field] for field in ALIKE} for alert in alerts), key=json.dumps)


def rules_of(release: Path, folder: Path) -> Path:
    """The rules of the last release but those on the risk, which this one works out otherwise."""
    folder.mkdir()
    for file in (release / "rules").glob("*.yaml"):
        if file.stem not in ("risk_over_threshold", "risk_calmed"):
            lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = "".join(line for line in lines if "risk_over_threshold" not in line)
            (folder / file.name).write_text(kept, encoding="utf-8")
    return folder


def with_actions(load: Sequence[Message], alerts: Sequence[Mapping[str, Any]]) -> list[Message]:
    """The load, in which an agent takes on each alert, some before others know of it."""
    mixed = list(load)
    for number, alert in enumerate(alerts):
        id_, customer, at = alert["id"], alert["customer_id"], alert["opened_at"]
        action = Action(f"on-{id_}", id_, customer, "acknowledge", AGENT, at)
        message = Message(ACTIONS, customer.encode(), msgspec.json.encode(action), "")
        mixed.insert(number * len(mixed) // len(alerts), message)
    return mixed


def in_hand(notifications: Iterable[Mapping[str, str]], cases: Iterable[Case]) -> set[str]:
    """The alerts of the cases of which the last notification names the agent."""
    last = {one["message"].rpartition("/")[2]: one["message"] for one in notifications}
    return {
        cause.alert_id
        for case in cases
        for cause in case.causes
        if f"Handled by: {AGENT}" in last.get(case.case_id, last.get(cause.alert_id, ""))
    }


def confirmed(bootstrap: str) -> int:
    """How many notifications `notify` knows to be confirmed."""
    states = last_values(bootstrap, changelog_of("notify")).values()
    return sum(
        receipt.count
        for state in states
        for thread in msgspec.json.decode(state, type=NotificationState).threads
        for receipt in thread.told
    )


@contextmanager
def as_before_the_upgrade(store: Backend, release: Path) -> Iterator[None]:
    """Hide the migrations of this release: a `record` of the last one starts before them only."""
    folder = release / "pipeline" / "store" / "migrations"
    known = tuple(
        f"{file.parent.name}/{file.name.partition('.')[0]}" for file in folder.glob("*/*")
    )
    store.execute("RENAME TABLE schema_migrations TO migrations_of_both")
    store.execute("CREATE TABLE schema_migrations AS migrations_of_both")
    store.execute(
        "INSERT INTO schema_migrations SELECT * FROM migrations_of_both WHERE name IN %(known)s",
        {"known": known},
    )
    yield
    store.execute("DROP TABLE schema_migrations")
    store.execute("RENAME TABLE migrations_of_both TO schema_migrations")


def upgrade(system: System, release: Path) -> None:
    """Replace the workers of the last release by this one's while the load arrives."""
    workers, old = system.workers, environment_of(release)

    def until_working(roles: Sequence[str], *numbers: int) -> None:
        wanted = {role: {f"{role}-{number}" for number in numbers} for role in roles}
        system.until(
            f"{wanted} have partitions",
            lambda: {role: system.owners(role) for role in roles} == wanted,
        )

    with as_before_the_upgrade(system.backend, release):
        for role in ROLES:
            workers.start(f"{role}-0", old)
        until_working(ROLES, 0)
    system.feeder.start()
    system.reached("record", 0.2)
    for role in SIDE_BY_SIDE:
        workers.start(f"{role}-1")
    until_working(SIDE_BY_SIDE, 0, 1)
    workers.stop("notify-0")
    workers.start("notify-1")
    system.reached("record", 0.6)
    workers.stop(*(f"{role}-0" for role in SIDE_BY_SIDE))
    workers.start("detect-0")  # in the folder of one of the last release


def test_no_version_of_a_schema_that_was_released_has_changed_since(release: Path) -> None:
    released = sorted((release / "schemas").glob("*/v*.schema.json"))
    assert released
    for file in released:
        now = ROOT / "schemas" / file.parent.name / file.name
        assert breaking_changes(json.loads(file.read_text()), json.loads(now.read_text())) == []


def test_a_rolling_upgrade_under_load_loses_nothing_and_tells_nothing_twice(
    tmp_path: Path, clickhouse: ClickHouse, release: Path
) -> None:
    rules = rules_of(release, tmp_path / "rules")
    load = judged_alike(known_to(release), rules, release)
    alerts = known_alike(alerts_alone(load, rules, {}))
    assert alerts == known_alike(alerts_alone(load, rules, environment_of(release)))
    ids = {alert["id"] for alert in alerts}
    routes = tmp_path / "routes.yaml"
    routes.write_text(ROUTES)
    with http_recorder() as hook:
        settings = {
            "NABIZ_DETECT_RULES": str(rules),
            "NABIZ_FOLLOWUP_SLA": str(release / "desk" / "sla.yaml"),
            "NABIZ_NOTIFY_ROUTES": str(routes),
            "NABIZ_NOTIFY_CHANNELS": json.dumps({"hook": f"json://{hook.url}"}),
        }
        system = System(
            tmp_path,
            clickhouse,
            with_actions(load, alerts),
            rate=RATE,
            partitions=4,
            settings=settings,
        )
        try:
            upgrade(system, release)
            system.until(
                f"{len(ids)} alerts are told as {AGENT}'s",
                lambda: in_hand(hook.came, Store(system.backend).cases()) >= ids,
            )
            outcome = system.finish()
            follow_ups = Store(system.backend).follow_ups()
            told = confirmed(system.broker.bootstrap)
        finally:
            system.close()
    assert [*untruths(outcome.content, load)] == []
    assert outcome.deaths == 0
    assert known_alike(outcome.content["alerts"]) == alerts
    owned = {follow_up.alert_id for follow_up in follow_ups if follow_up.owner == AGENT}
    assert owned == ids
    assert len(hook.came) == told


def test_a_data_folder_of_the_last_release_goes_on_under_this_one(
    tmp_path: Path, release: Path
) -> None:
    rules = rules_of(release, tmp_path / "rules")
    first = [message for message in known_to(release) if message.event_id][:300]
    load = judged_alike(first, rules, release)
    files = []
    for number, part in enumerate((load[:200], load[100:])):
        files.append(tmp_path / f"{number}.jsonl")
        files[-1].write_bytes(b"\n".join(message.value for message in part))
    settings = {"NABIZ_DETECT_RULES": str(rules), "NABIZ_ENGINE_NAME": "fast"}
    data = tmp_path / "data"
    with running_machine(data, **settings, **environment_of(release)) as nabiz:
        nabiz.run("replay", str(files[0]), "--source", "events")
        nabiz.run("drain")
    with running_machine(data, **settings) as nabiz:
        nabiz.run("replay", str(files[1]), "--source", "events")
        nabiz.run("drain")
        status, alerts = nabiz.json("status"), nabiz.json("alerts")
    assert status["store"]["rows"]["events"] == len({message.event_id for message in load})
    assert status["store"]["rows"]["dead_letters"] == 0
    expected = known_alike(alerts_alone(load, rules, {}))
    found = known_alike(alert for alert in alerts if alert["state"] != "withdrawn")
    assert found == expected
