"""The compose file fits what it runs: settings, roles, ports, files; and it is locked down."""

import importlib.metadata
import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from agents.runtime.app import MAX_OUTGOING
from pipeline.broker.distribution import KAFKA_VERSION
from pipeline.config.groups import ROOT
from pipeline.config.settings import Role, load_settings, secret_files, store_address, variables
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import STATEFUL
from tests.support.compose_file import (
    COMPOSE,
    NABIZ,
    OVERRIDES,
    SERVICES,
    TEXT,
    WORKERS,
    Service,
    environment,
    make_secrets,
    mounts,
    secrets,
)

ROLES = get_args(Role)
ONE_SHOT = {"topics", "migrate", "first_user"}
KAFKA_S_LARGEST = 1_048_588
"""Bytes of a message that Kafka takes where it is not told otherwise."""

PROMETHEUS = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())


@pytest.fixture(scope="module")
def secret_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_secrets(tmp_path_factory.mktemp("deploy"))


def test_it_fits_the_schema_of_compose_files() -> None:
    files = importlib.metadata.files("check-jsonschema") or []
    (schema,) = (one for one in files if one.name == "compose-spec.json")
    jsonschema.Draft7Validator(json.loads(schema.read_text())).validate(COMPOSE)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_a_service_of_its_name(role: str) -> None:
    assert SERVICES[role]["command"] == ["worker", role]


def test_every_setting_in_it_exists() -> None:
    known = {*(name for name, _, _ in variables()), *secret_files()}
    used = {name for service in NABIZ.values() for name in environment(service)}
    assert used <= known
    assert set(re.findall(r"NABIZ_\w+", TEXT)) <= known


@pytest.mark.parametrize("name", NABIZ)
def test_its_settings_are_accepted(
    monkeypatch: pytest.MonkeyPatch, secret_folder: Path, name: str
) -> None:
    for variable, value in environment(NABIZ[name]).items():
        monkeypatch.setenv(variable, value.replace("/run/secrets", str(secret_folder)))
    settings = load_settings()
    if "NABIZ_KAFKA_BOOTSTRAP" in environment(NABIZ[name]):
        assert settings.kafka.bootstrap == "kafka:9092"
    if address := store_address(settings.store):
        assert (address.host, address.port) == ("clickhouse", 9000)
        assert (address.user, address.database) == ("nabiz", "nabiz")
        assert len(address.password) == 48
    if name == "api":
        assert len(settings.api.token.get_secret_value()) == 48


def test_what_the_page_on_deployment_says_of_the_company_s_login_is_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (override,) = (one for one in OVERRIDES if "NABIZ_ACCESS_OIDC" in str(one))
    (secret,) = override["secrets"]
    assert override["services"]["api"]["secrets"] == [secret]
    (tmp_path / secret).write_text("hush")
    for variable, value in override["services"]["api"]["environment"].items():
        monkeypatch.setenv(variable, value.replace("/run/secrets", str(tmp_path)))
    access = load_settings().access
    assert access.login
    assert access.oidc_client_secret.get_secret_value() == "hush"


def test_no_secret_stands_in_the_environment() -> None:
    for service in SERVICES.values():
        assert not {*environment(service)} & {*secret_files().values()}
        for variable in environment(service):
            assert variable.endswith("_FILE") or not re.search(
                "PASSWORD|TOKEN|SECRET|_KEY|CREDENTIAL", variable
            )


def test_each_service_is_given_the_secrets_that_it_names_and_no_others() -> None:
    for name, service in NABIZ.items():
        values = [*environment(service).values(), *service["command"]]
        named = [value for value in values if value.startswith("/run/secrets/")]
        assert sorted(named) == sorted(f"/run/secrets/{one}" for one in secrets(service)), name


def test_every_secret_is_made_by_the_script(secret_folder: Path) -> None:
    used = {name for service in SERVICES.values() for name in secrets(service)}
    assert used == set(COMPOSE["secrets"])
    files = {Path(secret["file"]) for secret in COMPOSE["secrets"].values()}
    assert {file.parent for file in files} == {Path("deploy/secrets")}
    assert {file.name for file in files} == {file.name for file in secret_folder.iterdir()}


def test_versions_are_pinned_and_are_those_that_the_tests_use() -> None:
    for service in SERVICES.values():
        _, _, tag = service["image"].rpartition(":")
        assert re.fullmatch(r"v?\d+\.\d+\.\d+(\.\d+)?", tag), service["image"]
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    own = importlib.metadata.version("nabiz")
    assert {service["image"] for service in NABIZ.values()} == {f"nabiz:{own}"}
    grafana = (ROOT / "deploy/grafana/Dockerfile").read_text()
    assert f"FROM grafana/{SERVICES['grafana']['image'].removeprefix('nabiz-')}\n" in grafana


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_locked_down(name: str) -> None:
    service = SERVICES[name]
    user, _, _ = service["user"].partition(":")
    assert int(user) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert not service.get("cap_add")
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    for source, *target in mounts(service):
        assert source not in ("/", "/var/run/docker.sock", "/run/docker.sock")
        if source.startswith("."):
            assert target[1] == "ro"


def test_only_the_receiver_is_reached_from_outside_this_machine() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:") or (name, port) == ("receive", "8087:8087")
            assert "outside" in service["networks"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    only_inside = {name for name, one in SERVICES.items() if one["networks"] == ["inside"]}
    speaks = {"api", "notify", "receive", "translate", "poll"}
    assert {"clickhouse", *ONE_SHOT, *ROLES} - speaks <= only_inside


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_says_whether_it_is_well_and_starts_in_order(name: str) -> None:
    service = SERVICES[name]
    if name in ONE_SHOT:
        assert service["healthcheck"] == {"disable": True}
        assert service["restart"].startswith("on-failure")
    else:
        assert service["restart"] == "unless-stopped"
        assert "test" in service.get("healthcheck", {}) or name in WORKERS
    for other, how in service.get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert how["condition"] == expected


@pytest.mark.parametrize("role", WORKERS)
def test_a_role_starts_after_the_steps_that_make_what_it_uses(role: str) -> None:
    makes = {
        "NABIZ_KAFKA_BOOTSTRAP": "topics",
        "NABIZ_STORE_URL_FILE": "migrate",
        "NABIZ_ACCESS_USERS": "first_user",
    }
    awaited = {step for name, step in makes.items() if name in environment(WORKERS[role])}
    assert awaited == set(WORKERS[role]["depends_on"])


def test_the_first_user_is_let_in_where_the_api_looks_and_is_kept() -> None:
    api, first = SERVICES["api"], SERVICES["first_user"]
    path = environment(api)["NABIZ_ACCESS_USERS"]
    assert path == environment(first)["NABIZ_ACCESS_USERS"]
    (volume,) = mounts(first)
    assert volume in mounts(api)
    name, folder = volume
    assert name in COMPOSE["volumes"]
    assert Path(path).parent == Path(folder)


@pytest.mark.parametrize("compose", [COMPOSE, *OVERRIDES])
def test_the_api_reads_texts_and_folds_risks_as_the_roles_do(compose: dict[str, Any]) -> None:
    of_api = environment(compose["services"].get("api", {}))
    for name, service in compose["services"].items():
        for variable, value in environment(service).items():
            if re.match("NABIZ_(ENGINE|DETECT)_", variable):
                assert of_api.get(variable) == value, (name, variable)


def test_every_file_and_volume_that_is_mounted_exists() -> None:
    named = set()
    for service in SERVICES.values():
        for source, *_ in mounts(service):
            if source.startswith("."):
                assert (ROOT / source).exists(), source
            elif not source.startswith("/"):
                named.add(source)
        if "build" in service:
            assert (ROOT / service["build"] / "Dockerfile").is_file()
    assert named == set(COMPOSE["volumes"])


def test_states_are_kept_by_each_container_for_itself() -> None:
    for role in STATEFUL:
        assert ["/var/lib/nabiz"] in mounts(SERVICES[role])


def test_prometheus_finds_every_role_at_its_page() -> None:
    jobs = {job["job_name"]: job for job in PROMETHEUS["scrape_configs"]}
    found = {
        role: lookup["port"]
        for lookup in jobs["nabiz"]["dns_sd_configs"]
        for role in lookup["names"]
    }
    assert found == {role: page_port(WORKERS[role]) for role in ROLES}
    targets = [
        target
        for job in (*jobs.values(), *PROMETHEUS["alerting"]["alertmanagers"])
        for static in job.get("static_configs", [])
        for target in static["targets"]
    ]
    for target in targets:
        host, _, port = target.partition(":")
        assert host in {*SERVICES, "localhost"}
        assert port in {"9090", "9093", "9363"}


def page_port(service: Service) -> int:
    """The port of a role's page, which must be open to the other containers."""
    group = "API" if service["command"][1] == "api" else "WORKER"
    assert environment(service)[f"NABIZ_{group}_HOST"] == "0.0.0.0"
    return int(environment(service)[f"NABIZ_{group}_PORT"])


def kafka_properties() -> dict[str, str]:
    lines = (ROOT / "deploy/kafka/server.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_kafka_has_the_brokers_and_the_room_that_each_topic_is_declared_with() -> None:
    properties, brokers = kafka_properties(), 1
    copies = {int(n) for name, n in properties.items() if name.endswith("replication.factor")}
    copies |= {
        int(environment(service).get("NABIZ_KAFKA_REPLICATION", 0))
        for service in NABIZ.values()
        if "NABIZ_KAFKA_BOOTSTRAP" in environment(service)
    }
    assert copies == {brokers}
    largest = int(properties.get("message.max.bytes", KAFKA_S_LARGEST))
    for topic in load_topics(ROOT / "schemas").values():
        in_sync = topic.config.get("min.insync.replicas", properties["min.insync.replicas"])
        assert int(in_sync) <= brokers, topic.name
        assert int(topic.config["max.message.bytes"]) <= min(largest, MAX_OUTGOING), topic.name


def test_kafka_s_settings_are_those_of_its_service() -> None:
    properties = kafka_properties()
    kafka = SERVICES["kafka"]
    assert "INSIDE://kafka:9092" in properties["advertised.listeners"]
    assert "OUTSIDE://localhost:9094" in properties["advertised.listeners"]
    assert kafka["ports"] == ["127.0.0.1:9094:9094"]
    (data,) = (target for source, target, *_ in mounts(kafka) if source == "kafka")
    assert Path(properties["log.dirs"]).is_relative_to(data)
    assert f"{properties['log.dirs']}/meta.properties" in (ROOT / "deploy/kafka/start").read_text()
