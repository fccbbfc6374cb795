"""Prometheus and Alertmanager on the configuration of the stack."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from agents.page import serve_page
from pipeline import metrics
from pipeline.setting_groups import ROOT, WorkerSettings
from tests.servers_stack import (
    DEPLOY,
    alertmanager_of_the_stack,
    page,
    program,
    prometheus_of_the_stack,
    query,
)


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_accepts_its_configuration() -> None:
    run(program("promtool"), "check", "config", DEPLOY / "prometheus" / "prometheus.yml")


def test_the_rules_ring_when_they_should() -> None:
    run(program("promtool"), "test", "rules", ROOT / "tests" / "prometheus" / "rules.test.yml")


def test_alertmanager_accepts_its_configuration() -> None:
    run(program("amtool"), "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")


class Alive:
    """A worker that makes progress."""

    def problem(self) -> None:
        return None


def test_a_worker_s_metrics_reach_prometheus_and_its_alert_reaches_alertmanager(
    tmp_path: Path,
) -> None:
    metrics.EVENTS.labels("understand").inc(7)
    metrics.BROKER_UP.set(0)
    with (
        serve_page(WorkerSettings(), Alive()) as worker,  # type: ignore[arg-type]
        alertmanager_of_the_stack(tmp_path) as (alertmanager, routing),
        prometheus_of_the_stack(
            tmp_path, {"understand": [worker.removeprefix("http://")]}, alertmanager
        ) as (prometheus, scraping),
    ):
        (up,) = scraping.until(lambda: query(prometheus, 'up{role="understand"} == 1'))
        assert up["metric"]["job"] == "nabiz"
        (handled,) = query(prometheus, 'nabiz_events_total{role="understand"}')
        assert float(handled["value"][1]) >= 7
        groups = json.loads(page(f"http://{prometheus}/api/v1/rules") or b"")["data"]["groups"]
        loaded = {rule["name"] for group in groups for rule in group["rules"]}
        rules = (DEPLOY / "prometheus" / "rules.yml").read_text()
        assert loaded == {*re.findall(r"alert: (\w+)", rules)}

        def rings() -> list[dict[str, Any]]:
            alerts = json.loads(page(f"http://{alertmanager}/api/v2/alerts") or b"[]")
            return [one for one in alerts if one["labels"]["alertname"] == "NabizBrokerDown"]

        (alert,) = routing.until(rings)
        assert alert["annotations"]["summary"] == "Kafka does not answer"
        assert alert["receivers"] == [{"name": "operators"}]
