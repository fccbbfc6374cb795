"""Runs the servers of the compose file without containers, on free ports."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

import yaml

from benchmarks.clickhouse_18.backend import OldServerBackend
from benchmarks.clickhouse_18.server import as_it_was
from pipeline.broker.java import java, java_environment, properties
from pipeline.broker.tied_to_parent import tied
from pipeline.common.ports import HOST, free_port
from pipeline.common.progress import PATIENCE, Watch
from pipeline.config.groups import ROOT, StoreSettings
from pipeline.config.settings import store_address
from pipeline.store import Store
from pipeline.store.server import create_database
from tests.support.servers import Address, missing, running_clickhouse

DEPLOY = ROOT / "deploy"
CLICKHOUSE = DEPLOY / "clickhouse"
T = TypeVar("T")


class Server(NamedTuple):
    """A process and its log."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def until(self, happened: Callable[[], T]) -> T:
        """Wait for a truthy result and return it; fail if the server ends before."""
        watch = Watch(PATIENCE, time.monotonic())
        while not (seen := happened()):
            assert self.process.poll() is None, self.log.read_text()
            stalled = watch.stalled([self.process.pid], [self.log], time.monotonic())
            assert not stalled, self.log.read_text()
            time.sleep(0.05)
        return seen


@contextmanager
def running(
    log: Path, *command: str | Path, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server and stop it gracefully."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            tied([*map(str, command)]), env=environment, stdout=output, stderr=output
        )
    try:
        yield Server(process, log)
    finally:
        process.terminate()
        process.wait()


def program(name: str) -> str:
    """Return the path of a program of Debian's Prometheus packages."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        missing(f"{name} is not installed (on Debian: prometheus, prometheus-alertmanager)")
    return str(found)


def page(url: str, token: str = "") -> bytes | None:
    """Return a page with status 200, else None."""
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            body: bytes = answer.read()
            return body
    except OSError:
        return None


@contextmanager
def kafka_of_the_stack(folder: Path) -> Iterator[str]:
    """Run Kafka with the stack's properties; yields its address for the containers."""
    ports = {9092: free_port(), 9093: free_port(), 9094: free_port()}
    text = (DEPLOY / "kafka" / "server.properties").read_text()
    text = re.sub(r"(://|@)(kafka|localhost)?:", rf"\g<1>{HOST}:", text)
    for inside, outside in ports.items():
        text = text.replace(f":{inside}", f":{outside}")
    configuration = folder / "server.properties"
    configuration.write_text(text + properties({"log.dirs": folder / "log"}), encoding="ascii")
    tool = ["kafka.tools.StorageTool", "format", "--cluster-id=c", "-c", str(configuration)]
    environment = java_environment()
    formatted = subprocess.run(
        [*java(), *tool], env=environment, capture_output=True, text=True, check=False
    )
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr
    server = (*java(), "kafka.Kafka", configuration)
    with running(folder / "kafka.log", *server, environment=environment):
        yield f"{HOST}:{ports[9092]}"


@contextmanager
def clickhouse_of_the_stack(folder: Path, secrets: Path) -> Iterator[Address]:
    """Run Debian's ClickHouse with the stack's files added, as in the container.

    It supports neither grants nor constraints. Its store is migrated.
    """
    for target, source in (
        ("users.d/nabiz.xml", CLICKHOUSE / "users.d" / "nabiz.xml"),
        ("users.d/passwords.xml", secrets / "clickhouse_passwords.xml"),
        ("config.d/nabiz.xml", CLICKHOUSE / "config.d" / "nabiz.xml"),
    ):
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        (folder / target).write_text(as_it_was(source.read_text()))
    with running_clickhouse(folder) as server:
        url = (secrets / "store_url").read_text()
        address = store_address(StoreSettings.model_validate({"url": url}))
        assert address
        here = address.model_copy(update={"host": server.host, "port": server.port})
        create_database(**here.model_dump())
        with closing(OldServerBackend(**here.model_dump())) as backend:
            Store(backend).migrate()
        yield Address(server.host, server.port)


@contextmanager
def alertmanager_of_the_stack(folder: Path) -> Iterator[tuple[str, Server]]:
    """Run Alertmanager with the stack's routes, without waits; yields its address."""
    routes = folder / "alertmanager.yml"
    routes.write_text(_at_once((DEPLOY / "alertmanager" / "alertmanager.yml").read_text()))
    address = f"{HOST}:{free_port()}"
    with running(
        folder / "alertmanager.log",
        program("prometheus-alertmanager"),
        f"--config.file={routes}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ) as server:
        yield address, server


@contextmanager
def prometheus_of_the_stack(
    folder: Path, pages: Mapping[str, Sequence[str]], alertmanager: str
) -> Iterator[tuple[str, Server]]:
    """Run Prometheus with the stack's configuration, without waits; yields its address.

    `pages` are the addresses to which each role's name resolves.
    """
    config = yaml.safe_load(_at_once((DEPLOY / "prometheus" / "prometheus.yml").read_text()))
    (nabiz,) = (job for job in config["scrape_configs"] if job["job_name"] == "nabiz")
    names = [name for lookup in nabiz.pop("dns_sd_configs") for name in lookup["names"]]
    nabiz["static_configs"] = [
        {"targets": [*pages.get(name, ())], "labels": {"__meta_dns_name": name}} for name in names
    ]
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [alertmanager]
    rules = _at_once((DEPLOY / "prometheus" / "rules.yml").read_text())
    (folder / "rules.yml").write_text(rules)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"{HOST}:{free_port()}"
    with running(
        folder / "prometheus.log",
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={address}",
    ) as server:
        yield address, server


def query(prometheus: str, expression: str) -> list[dict[str, Any]]:
    """Return the series of a query; none while Prometheus does not answer."""
    body = page(f"http://{prometheus}/api/v1/query?query={quote(expression)}")
    found: list[dict[str, Any]] = json.loads(body)["data"]["result"] if body else []
    return found


def _at_once(text: str) -> str:
    """Remove the waits of a configuration."""
    return re.sub(r"((?:scrape|evaluation|group)_\w+|for): \d+[smh]\b", r"\1: 200ms", text)
