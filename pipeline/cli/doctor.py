"""doctor: looks at everything that Nabız needs, and says what to do where something is wrong."""

import os
import platform
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx
import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.api.views import Status
from pipeline.broker.inspect import inspect_cluster
from pipeline.broker.lag import LagReader
from pipeline.broker.security import client_security
from pipeline.chain import CHANGELOG, GROUPS, SCORED, group_of
from pipeline.cli import show
from pipeline.cli.channels import check_channels
from pipeline.cli.checkup import (
    TEXTS,
    Finding,
    State,
    check_changelog,
    check_clock,
    check_disk,
    check_groups,
    check_packages,
    check_readings,
    check_security,
    check_store,
    check_topic,
)
from pipeline.cli.errors import EXIT_NO, Mistake
from pipeline.cli.exit_codes import exit_code
from pipeline.cli.logins import check_logins
from pipeline.cli.target import Addresses, DataOption, JsonOption, ask, find, running
from pipeline.detection.rules import load_rules
from pipeline.setting_groups import (
    ROOT,
    DetectSettings,
    EngineSettings,
    KafkaSettings,
)
from pipeline.settings import Settings, SettingsError, load_settings, store_address
from pipeline.store.health import inspect_store
from pipeline.store.server import ServerBackend
from pipeline.text.open import open_engine
from pipeline.text.reader import Reader
from pipeline.topics import load_topics

Findings = Iterator[Finding]
Parts = Mapping[str, Callable[[], Findings]]

LOCK_FILE = ROOT / "requirements" / "runtime.lock"
"""There in a checkout only; an installed package has its versions from the installer."""
_LOCKED = re.compile(r"^([\w.-]+)==(\S+) \\$", re.MULTILINE)
"""A package for every platform and version of Python."""

DEADLINE = 30.0
"""Seconds for all: what is down says so sooner, what stands still does not."""

LOOK_AGAIN = 2.0
"""Seconds between two looks at groups that have something to read: some commits of theirs."""
PAGE_TIMEOUT = 2.0
STYLES: Mapping[State, str] = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check broker, topics, roles, store, clocks, disk, rules, model, channels, logins.

    Says of each what was found, and what to do where it is not well. Nothing is written or changed.

    Exit code 0: all is well; 1: there are warnings or problems.
    """
    with Console(stderr=True).status("looking …"):
        findings = examine(data)
    if as_json:
        show.as_json(msgspec.json.encode(findings))
    else:
        Console().print(_table(findings))
    if any(one.state != "ok" for one in findings):
        raise typer.Exit(EXIT_NO)


def examine(data: Path | None) -> list[Finding]:
    """Look at everything, the parts at the same time; what is down takes a few seconds."""
    try:
        settings = find(data)
    except SettingsError as error:
        return [Finding("settings", "problem", line) for line in str(error).splitlines()]
    except Mistake as error:
        settings = load_settings().model_copy(update={"data": data})
        nobody = [Finding("nabiz up", "problem", str(error))]
        return [*nobody, *_look(_on_this_machine(settings))]
    addresses = running(settings.data)
    if addresses and addresses.kafka != settings.kafka.bootstrap:
        addresses = None  # another Nabız is meant
    return _look(
        {
            "broker": lambda: _kafka(settings.kafka),
            "store": lambda: _store(settings, addresses),
            "pages": lambda: _pages(settings, addresses),
            **_on_this_machine(settings),
        }
    )


def _on_this_machine(settings: Settings) -> Parts:
    return {
        "settings": lambda: iter([check_security(settings.kafka)]),
        "data folder": lambda: _folder(settings.data),
        "packages": _packages,
        "rules": lambda: _rules(settings.detect),
        "text model": lambda: _model(settings.engine),
        "notify": lambda: check_channels(settings.notify),
        "logins": lambda: check_logins(settings.access),
    }


def _look(parts: Parts) -> list[Finding]:
    """Return the findings of all parts in order; what has not ended by the deadline is one."""
    findings: dict[str, list[Finding]] = {name: [] for name in parts}

    def look(name: str) -> None:
        try:
            for finding in parts[name]():
                findings[name].append(finding)
        except Exception as error:
            told = str(error) if exit_code(error) else f"could not be looked at: {error!r}"
            findings[name].append(Finding(name, "problem", told))

    threads = {name: threading.Thread(target=look, args=(name,), daemon=True) for name in parts}
    for thread in threads.values():
        thread.start()
    deadline = time.monotonic() + DEADLINE
    for name, thread in threads.items():
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            late = Finding(name, "problem", f"no answer within {DEADLINE:g} s: it hangs")
            findings[name] = [*findings[name], late]
    return [finding for name in parts for finding in findings[name]]


def _kafka(kafka: KafkaSettings) -> Findings:
    security = client_security(kafka)
    declared = load_topics(ROOT / "schemas")
    cluster = inspect_cluster(kafka.bootstrap, [*declared, CHANGELOG], [*GROUPS], security)
    yield Finding(
        "broker",
        "ok",
        f"Kafka {cluster.version} or newer, {cluster.brokers} broker(s), at {kafka.bootstrap}",
    )
    yield check_clock("the broker", cluster.clock_ahead)
    for topic in declared.values():
        found = cluster.topics.get(topic.name)
        yield check_topic(topic, found, replication=kafka.replication, brokers=cluster.brokers)
    if not declared.keys() <= cluster.topics.keys():
        return  # nothing can have been read
    with LagReader(kafka.bootstrap, security) as reader:
        before = now = reader.read(GROUPS, None)
        if any(lag.events for lag in before):
            time.sleep(LOOK_AGAIN)
            now = reader.read(GROUPS, None)
    used = any(lag.group == group_of("detect") and lag.committed for lag in now)
    changelog, scored = cluster.topics.get(CHANGELOG), cluster.topics[SCORED]
    yield check_changelog(changelog, scored, used=used)
    yield from check_groups(cluster.groups, before, now)


def _store(settings: Settings, addresses: Addresses | None) -> Findings:
    address = store_address(settings.store)
    if address:
        backend = ServerBackend(**address.model_dump())
        try:
            facts = inspect_store(backend)
        finally:
            backend.close()
        yield from check_store(facts)
        yield check_clock("the store", facts.clock_ahead)
    elif addresses:
        # One process holds that store; it serves the API too.
        status = msgspec.json.decode(ask(settings, "GET", "/v1/status"), type=Status)
        state: State = "problem" if status.store.problem else "ok"
        found = status.store.problem or f"ClickHouse {status.store.engine} in the data folder"
        yield Finding("store", state, found)
    else:
        yield Finding("store", "ok", "in the data folder; made and migrated by who opens it")


def _pages(settings: Settings, addresses: Addresses | None) -> Findings:
    api, worker = settings.api, settings.worker
    if addresses:
        for name, page in {**addresses.workers, "api": addresses.api}.items():
            yield _page(f"page of {name}", page, f"see the logs in {settings.data}/logs")
    elif api.url:
        yield _page("API", api.url, "start it (nabiz worker api), or correct NABIZ_API_URL")
    else:
        yield _port("API's port", api.host, api.port, "NABIZ_API_PORT")
        yield _port("worker's port", worker.host, worker.port, "NABIZ_WORKER_PORT")


def _page(check: str, page: str, advice: str) -> Finding:
    try:
        answer = httpx.get(f"{page}/healthz", timeout=PAGE_TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(check, "problem", f"{page} does not answer ({error})", advice)
    if answer.status_code != 200:
        return Finding(check, "problem", f"{page}: {answer.text[:200]}", advice)
    return Finding(check, "ok", page)


def _port(check: str, host: str, port: int, variable: str) -> Finding:
    if port == 0:
        return Finding(check, "ok", "any free one")
    if _page(check, f"http://{host}:{port}", "").state == "ok":
        return Finding(check, "ok", f"Nabız answers at {host}:{port}")
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        found = f"cannot listen on {host}:{port} ({error.strerror})"
        return Finding(check, "problem", found, f"choose another {variable}")
    return Finding(check, "ok", f"{host}:{port} is free")


def _folder(folder: Path) -> Findings:
    there = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        yield check_disk("data folder", shutil.disk_usage(there).free)
    else:
        found, advice = (
            f"{there} cannot be written to",
            "give this user the right, or set NABIZ_DATA",
        )
        yield Finding("data folder", "problem", found, advice)


def _packages() -> Findings:
    if LOCK_FILE.exists():
        wanted = dict(_LOCKED.findall(LOCK_FILE.read_text()))
        yield check_packages(wanted, {name: _installed(name) for name in wanted})
    from faust import streams  # slow to import, and the rest of this command does without

    if getattr(streams, "_CStreamIterator", None) is None:
        yield Finding(
            "packages", "problem", "Faust lacks its compiled part", "unset NO_CYTHON; make setup"
        )
    yield Finding("Python", "ok", platform.python_version())


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _rules(detect: DetectSettings) -> Findings:
    rules = load_rules(detect.rules)
    yield Finding("rules", "ok", f"{len(rules.rules)} rules, version {rules.version}")


def _model(settings: EngineSettings) -> Findings:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # to look must not download gigabytes
    engine = open_engine(settings)
    readings = Reader(engine).read([text for text, _ in TEXTS.values()], [None] * len(TEXTS))
    yield check_readings(f"{engine.name} {engine.version}", zip(TEXTS, readings, strict=True))


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "check"):
        table.add_column(name)
    table.add_column("found", overflow="fold")
    for one in findings:
        found = [show.datum(one.found)]
        if one.advice:
            found.append(show.datum(f"→ {one.advice}", "bold"))
        check = show.datum(one.check)
        table.add_row(Text(one.state, STYLES[one.state]), check, Text("\n").join(found))
    return table
