"""The checks of `nabiz doctor` and `nabiz config --check`, each of which yields findings."""

import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx

from agents.runtime.faust_check import require_fit_faust
from pipeline.board.board_config import load_board_config
from pipeline.broker.inspect import ClusterFacts, inspect_cluster
from pipeline.broker.lag import LagReader
from pipeline.broker.security import cluster_of
from pipeline.calendar.calendar_file import load_calendars
from pipeline.cli.channels import check_channels
from pipeline.cli.check_connections import check_connections
from pipeline.cli.checkup import (
    Finding,
    State,
    check_changelog,
    check_clock,
    check_disk,
    check_groups,
    check_open_files,
    check_packages,
    check_security,
    check_store,
    check_topic,
)
from pipeline.cli.checkup_text import TEXTS, check_processor, check_readings
from pipeline.cli.deprecated import check_zone
from pipeline.cli.limits import open_files
from pipeline.cli.logins import check_logins
from pipeline.cli.processor import told_of_the_processor
from pipeline.cli.target import Addresses, ask, running
from pipeline.common.plurals import counted
from pipeline.common.ports import listening
from pipeline.common.urls import own_page, with_port
from pipeline.config.groups import (
    ROOT,
    CalendarSettings,
    DetectSettings,
    EngineSettings,
    KafkaSettings,
    UncountedSettings,
)
from pipeline.config.settings import Settings, store_address
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import CHANGELOG, GROUPS, SCORED, group_of
from pipeline.detection.rules import load_rules
from pipeline.follow_up.sla import load_sla
from pipeline.ingest.uncounted import load_uncounted
from pipeline.service.views import Status
from pipeline.store.health import inspect_store
from pipeline.store.server import ServerBackend
from pipeline.text.open import open_engine
from pipeline.text.reader import Reader

Findings = Iterator[Finding]
Parts = Mapping[str, Callable[[], Findings]]

LOCK_FILE = ROOT / "requirements" / "runtime.lock"
"""The lock file; present in a checkout only."""
_LOCKED = re.compile(r"^([\w.-]+)==(\S+) \\$", re.MULTILINE)
"""A platform-independent package."""

LOOK_AGAIN = 2.0
"""Seconds between two readings of lagging groups: a few of their commits."""
PAGE_TIMEOUT = 2.0


def whole(settings: Settings) -> Parts:
    """Return all checks of a running Nabız."""
    return {
        "broker": lambda: _kafka(settings.kafka),
        "store": lambda: _store(settings, _addresses(settings)),
        "pages": lambda: _pages(settings, _addresses(settings)),
        **this_machine(settings),
    }


def before_start(settings: Settings) -> Parts:
    """Return the checks that must pass before roles and API start."""
    return {
        **this_machine(settings),
        "broker": lambda: _topics(settings.kafka, _cluster(settings.kafka)),
        "store": lambda: _store(settings, _addresses(settings)),
    }


def this_machine(settings: Settings) -> Parts:
    """Return the checks that need no broker, store or API."""
    return {
        "settings": lambda: iter([check_security(settings.kafka)]),
        "data folder": lambda: _folder(settings.data),
        "open files": lambda: iter([check_open_files(open_files())]),
        "packages": _packages,
        "rules": lambda: _rules(settings.detect),
        "calendar": lambda: _calendar(settings.calendar),
        "SLA": lambda: _sla(settings),
        "board": lambda: _board(settings),
        "uncounted": lambda: _uncounted(settings.uncounted),
        "connections": lambda: check_connections(settings),
        "processor": lambda: iter([check_processor(settings.engine.name, told_of_the_processor())]),
        "text model": lambda: _model(settings.engine),
        "notify": lambda: check_channels(settings),
        "logins": lambda: check_logins(settings.access),
    }


def _addresses(settings: Settings) -> Addresses | None:
    """Return the addresses of the `nabiz up` in question, if any."""
    addresses = running(settings.data)
    meant = addresses and addresses.kafka == settings.kafka.bootstrap
    return addresses if meant else None


def _kafka(kafka: KafkaSettings) -> Findings:
    cluster = _cluster(kafka)
    yield from _topics(kafka, cluster)
    if load_topics(ROOT / "schemas").keys() <= cluster.topics.keys():  # else nothing was ever read
        yield from _roles(kafka, cluster)


def _cluster(kafka: KafkaSettings) -> ClusterFacts:
    bootstrap, security = cluster_of(kafka)
    topics = [*load_topics(ROOT / "schemas"), CHANGELOG]
    return inspect_cluster(bootstrap, topics, [*GROUPS], security)


def _topics(kafka: KafkaSettings, cluster: ClusterFacts) -> Findings:
    yield Finding(
        "broker",
        "ok",
        f"Kafka {cluster.version} or newer, {counted(cluster.brokers, 'broker')}, "
        f"at {kafka.bootstrap}",
    )
    yield check_clock("the broker", cluster.clock_ahead)
    for topic in load_topics(ROOT / "schemas").values():
        found = cluster.topics.get(topic.name)
        yield check_topic(topic, found, replication=kafka.replication, brokers=cluster.brokers)


def _roles(kafka: KafkaSettings, cluster: ClusterFacts) -> Findings:
    with LagReader(*cluster_of(kafka)) as reader:
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
        store = ask(settings, "GET", "/v1/status", Status).value.store
        state: State = "problem" if store.problem else "ok"
        found = store.problem or f"ClickHouse {store.engine} in the data folder"
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
    if _page(check, own_page(host, port), "").state == "ok":
        return Finding(check, "ok", f"Nabız answers at {with_port(host, port)}")
    try:
        listening(host, port).close()
    except OSError as error:
        found = f"cannot listen on {with_port(host, port)} ({error.strerror})"
        return Finding(check, "problem", found, f"choose another {variable}")
    return Finding(check, "ok", f"{with_port(host, port)} is free")


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
    yield Finding("Python", "ok", platform.python_version())
    require_fit_faust()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _rules(detect: DetectSettings) -> Findings:
    rules = load_rules(detect.rules)
    yield Finding("rules", "ok", f"{counted(len(rules.rules), 'rule')}, version {rules.version}")


def _calendar(calendar: CalendarSettings) -> Findings:
    zone = load_calendars(calendar.file).house.zone
    yield Finding("calendar", "ok", f"{calendar.file} is valid, times are in {zone}")


def _sla(settings: Settings) -> Findings:
    load_sla(settings.followup.sla, settings.calendar.file)
    yield Finding("SLA", "ok", f"{settings.followup.sla} is valid")


def _board(settings: Settings) -> Findings:
    file = settings.board.file
    desk = load_board_config(file, settings.calendar.file)
    yield Finding("board", "ok", f"{file} is valid, times are in {desk.zone}")
    if desk.own_zone:
        yield check_zone("board", file, settings.calendar.file)


def _uncounted(settings: UncountedSettings) -> Findings:
    load_uncounted(settings.file)
    yield Finding("uncounted", "ok", f"{settings.file} is valid")


def _model(settings: EngineSettings) -> Findings:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # to look must not download gigabytes
    engine = open_engine(settings)
    readings = Reader(engine).read([text for text, _ in TEXTS.values()], [None] * len(TEXTS))
    yield check_readings(f"{engine.name} {engine.version}", zip(TEXTS, readings, strict=True))
