"""The compose file's services, started by hand in its order with what it gives each of them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from pipeline.broker.publish import Publisher
from pipeline.common.ports import HOST, free_port
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import INPUTS, INTERACTIONS
from tests.support.compose_file import NABIZ, WORKERS, command, environment, make_secrets
from tests.support.servers_stack import (
    DEPLOY,
    Server,
    alertmanager_of_the_stack,
    clickhouse_of_the_stack,
    kafka_of_the_stack,
    page,
    prometheus_of_the_stack,
    query,
    running,
)

ENTRYPOINT = DEPLOY / "entrypoint"
RULES = DEPLOY / "prometheus" / "rules.yml"


class Stack:
    """Everything that runs, by the name of its service."""

    def __init__(self, folder: Path, kafka: str, clickhouse: str, secrets: Path) -> None:
        self.kafka = kafka
        self.secrets = secrets
        self.ports = {name: free_port() for name in WORKERS}
        self.workers: dict[str, Server] = {}
        self._folder = folder
        url = (secrets / "store_url").read_text().replace("clickhouse:9000", clickhouse)
        (folder / "store_url").write_text(url)

    def environment(self, name: str) -> Mapping[str, str]:
        """What the service is given, with this machine's addresses in the place of names."""
        given = {
            variable: value.replace("/run/secrets", str(self.secrets))
            .replace("/var/lib/nabiz", str(self._folder))
            .replace("/etc/nabiz/desk", str(ROOT / "desk"))
            .replace("kafka:9092", self.kafka)
            .replace("0.0.0.0", HOST)
            for variable, value in environment(NABIZ[name]).items()
        }
        if "NABIZ_STORE_URL_FILE" in given:
            given["NABIZ_STORE_URL_FILE"] = str(self._folder / "store_url")
        for variable in given.keys() & {"NABIZ_WORKER_PORT", "NABIZ_API_PORT"}:
            given[variable] = str(self.ports[name])
        given["NABIZ_DATA"] = str(self._folder / name)
        # The commands of a virtual environment, and those of the system that the entry point uses.
        return {**given, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def command(self, name: str) -> list[str]:
        """What its container runs."""
        program, *arguments = command(NABIZ[name])
        arguments = [one.replace("/run/secrets", str(self.secrets)) for one in arguments]
        return [str(DEPLOY / program), *arguments]

    def address(self, name: str) -> str:
        """Where its page is."""
        return f"{HOST}:{self.ports[name]}"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All services of Nabız, every page well."""
    folder = tmp_path_factory.mktemp("stack")
    secrets = make_secrets(folder / "deploy")
    with ExitStack() as servers:
        kafka = servers.enter_context(kafka_of_the_stack(folder))
        clickhouse = servers.enter_context(clickhouse_of_the_stack(folder / "clickhouse", secrets))
        found = Stack(folder, kafka, f"{clickhouse.host}:{clickhouse.port}", secrets)
        for name in (one for one in NABIZ if one not in WORKERS):
            given = found.environment(name)
            step = subprocess.run(found.command(name), env=given, capture_output=True)
            assert step.returncode == 0, step.stderr.decode()
        for role in WORKERS:
            given = found.environment(role)
            found.workers[role] = servers.enter_context(
                running(folder / f"{role}.log", *found.command(role), environment=given)
            )
        for role, worker in found.workers.items():
            worker.until(lambda role=role: page(f"http://{found.address(role)}/healthz"))
        yield found


def test_what_a_source_sends_is_read_in_the_api_with_the_token(stack: Stack) -> None:
    now = datetime.now(UTC).isoformat()
    event = {
        **{"event_id": "e-1", "customer_id": "c-1", "occurred_at": now, "channel": "chat"},
        **{"type": "message", "text": "Rezalet, bir daha asla almam!"},
    }
    with Publisher(stack.kafka) as publisher:
        publisher.send(INTERACTIONS, b"c-1", json.dumps(event).encode(), [])
        publisher.flush()
    url = f"http://{stack.address('api')}/v1/customer?customer_id=c-1"
    token = (stack.secrets / "api_token").read_text()
    customer = json.loads(stack.workers["api"].until(lambda: page(url, token)))
    assert customer["events"][0]["reading"]["label"] == "negative"
    assert page(url) is None


def test_a_browser_is_let_in_to_the_board_with_the_password_that_was_made(stack: Stack) -> None:
    typed = {"name": "admin", "password": (stack.secrets / "board_password").read_text()}
    with httpx.Client(
        base_url=f"http://{stack.address('api')}",
        headers={"Accept": "text/html"},
        follow_redirects=True,
        trust_env=False,
    ) as browser:
        login = browser.get("/board/health")  # as a link in a message leads there
        assert login.url.path == "/login"
        assert 'name="password"' in login.text
        inside = browser.post("/login", data={**typed, "next": login.url.params["next"]})
        assert (inside.status_code, inside.url.path) == (200, "/board/health")
        assert ">admin</span>" in inside.text


def test_the_doctor_finds_nothing_wrong_from_where_the_api_runs(stack: Stack) -> None:
    given = {**stack.environment("api"), "NABIZ_API_URL": f"http://{stack.address('api')}"}
    asked = subprocess.run([ENTRYPOINT, "doctor", "--json"], env=given, capture_output=True)
    findings = json.loads(asked.stdout)
    assert [one for one in findings if one["state"] == "problem"] == []
    assert {"broker", "store", "API"} <= {one["check"] for one in findings}


def test_prometheus_sees_every_role_and_alertmanager_hears_of_one_that_stops(
    stack: Stack, tmp_path: Path
) -> None:
    pages = {role: [stack.address(role)] for role in WORKERS}
    with (
        alertmanager_of_the_stack(tmp_path) as (alertmanager, routing),
        prometheus_of_the_stack(tmp_path, pages, alertmanager) as (prometheus, scraping),
    ):

        def seen(expression: str) -> set[str]:
            return {one["metric"]["role"] for one in query(prometheus, expression)}

        def ringing() -> dict[str, str] | None:
            alerts = json.loads(page(f"http://{alertmanager}/api/v2/alerts") or b"[]")
            labels = [one["labels"] for one in alerts]
            return next((one for one in labels if one["alertname"] == "NabizWorkerDown"), None)

        scraping.until(lambda: seen('up{job="nabiz"} == 1') == {*WORKERS})
        assert seen("nabiz_group_lag_events") == {*INPUTS}
        (broker,) = query(prometheus, "nabiz_broker_up")
        assert (broker["metric"]["bootstrap"], broker["value"][1]) == (stack.kafka, "1")
        rules = json.loads(page(f"http://{prometheus}/api/v1/rules") or b"")["data"]["groups"]
        loaded = {rule["name"] for group in rules for rule in group["rules"]}
        assert loaded == {*re.findall(r"alert: (\w+)", RULES.read_text())}
        stack.workers["triage"].process.terminate()
        assert routing.until(ringing)["role"] == "triage"


def test_every_role_ends_in_order(stack: Stack) -> None:
    for worker in stack.workers.values():
        worker.process.terminate()
    for role, worker in stack.workers.items():
        assert worker.process.wait(30) == 0, (role, worker.log.read_text())
