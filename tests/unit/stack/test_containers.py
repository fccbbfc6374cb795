"""What runs around nabiz in a container: the entry point, the health check, the secrets."""

import hashlib
import os
import re
import signal
import stat
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from grafana.rules import miss_sql, misses
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import EXIT_HALT
from tests.support.compose_file import make_secrets
from tests.support.dashboards import statements

DEPLOY = ROOT / "deploy"


@pytest.fixture
def entrypoint(tmp_path: Path) -> Path:
    """The entry point, beside a `nabiz` that does as its last argument says."""
    nabiz = tmp_path / "nabiz"
    nabiz.write_text('#!/bin/sh\neval "$3"\n')
    nabiz.chmod(0o755)
    return tmp_path


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.Popen(
        [DEPLOY / "entrypoint", *arguments],
        env={"PATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("code", [0, 3, 70])
def test_a_container_ends_as_its_worker_does(entrypoint: Path, code: int) -> None:
    worker = start(entrypoint, "worker", "detect", f"exit {code}")
    assert worker.wait(10) == code


def test_a_worker_that_must_not_go_on_is_not_started_again(entrypoint: Path) -> None:
    worker = start(entrypoint, "worker", "detect", f"exit {EXIT_HALT}")
    assert worker.stdout
    assert "detect must not go on" in worker.stdout.readline()
    assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == EXIT_HALT


def test_a_worker_is_told_to_stop_and_given_the_time_for_it(entrypoint: Path) -> None:
    worker = start(
        entrypoint,
        "worker",
        "detect",
        "trap 'echo in order; exit 5' TERM; echo runs; while :; do sleep 0.05; done",
    )
    assert worker.stdout
    assert worker.stdout.readline() == "runs\n"
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 5
    assert worker.stdout.read() == "in order\n"


def test_other_commands_read_what_is_piped_into_them(entrypoint: Path) -> None:
    score = start(entrypoint, "score", "-", "cat; exit 4")
    assert score.communicate('{"text": "iyi"}', timeout=10)[0] == '{"text": "iyi"}'
    assert score.returncode == 4


def test_a_first_user_is_added_where_there_is_no_file_of_users_and_nowhere_else(
    tmp_path: Path,
) -> None:
    nabiz = tmp_path / "nabiz"
    nabiz.write_text('#!/bin/sh\n(echo "$@"; cat) >"$NABIZ_ACCESS_USERS"\n')
    nabiz.chmod(0o755)
    users, password = tmp_path / "users.yaml", tmp_path / "password"
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "NABIZ_ACCESS_USERS": str(users),
    }
    for typed in ("first", "second"):
        password.write_text(typed)
        subprocess.run([DEPLOY / "first-user", password], env=environment, check=True)
    assert users.read_text() == "users add admin --role admin\nfirst"


def test_secrets_are_long_differ_and_are_kept(tmp_path: Path) -> None:
    made = {file.name: file.read_text() for file in make_secrets(tmp_path).iterdir()}
    assert len({*made.values()}) == len(made) == 8
    assert min(len(secret) for name, secret in made.items() if name != "notify_channels") >= 48
    again = {file.name: file.read_text() for file in make_secrets(tmp_path).iterdir()}
    assert again == made
    (tmp_path / "secrets" / "api_token").unlink()
    renewed = {file.name: file.read_text() for file in make_secrets(tmp_path).iterdir()}
    assert {name for name in made if made[name] != renewed[name]} == {"api_token"}


def test_clickhouse_knows_the_hashes_of_the_passwords_that_its_clients_are_given(
    tmp_path: Path,
) -> None:
    secrets = make_secrets(tmp_path)
    url = urlsplit((secrets / "store_url").read_text())
    passwords = {
        "nabiz": url.password or "",
        "grafana": (secrets / "clickhouse_grafana_password").read_text(),
    }
    users = ET.parse(secrets / "clickhouse_passwords.xml").getroot().find("users")
    assert users is not None
    assert {user.tag: user.findtext("password_sha256_hex") for user in users} == {
        name: hashlib.sha256(password.encode()).hexdigest() for name, password in passwords.items()
    }


def test_only_their_owner_finds_the_secrets_and_every_container_reads_its_own(
    tmp_path: Path,
) -> None:
    secrets = make_secrets(tmp_path)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o444}


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.xml")), ids=lambda path: path.parent.name)
def test_the_files_of_clickhouse_are_well_formed(path: Path) -> None:
    assert ET.parse(path).getroot().tag == "clickhouse"


def test_who_reads_for_grafana_can_change_nothing_and_raise_no_limit() -> None:
    root = ET.parse(DEPLOY / "clickhouse/users.d/nabiz.xml").getroot()
    assert root.find("users/default[@remove]") is not None
    assert root.findtext("users/grafana/profile") == "grafana"
    profile = root.find("profiles/grafana")
    assert profile is not None
    assert profile.findtext("readonly") == "2"
    for limit in ("max_memory_usage", "max_execution_time", "max_result_rows"):
        assert profile.find(limit) is not None
        assert profile.find(f"constraints/{limit}/max") is not None


def test_who_reads_for_grafana_finds_the_tables_that_it_asks_and_no_others() -> None:
    migrations = ROOT / "pipeline/store/migrations"
    view = migrations / "follow_ups/002_worked_cases.sql"  # is read with the rights of the reader
    sql = [one.sql for one in statements()] + [miss_sql(name) for name in misses()]
    sql.append(view.read_text())
    tables = {"worked_cases", *(path.name for path in migrations.iterdir())}
    asked = {table for one in sql for table in re.findall(r"\b(?:FROM|JOIN) (\w+)", one)} & tables
    root = ET.parse(DEPLOY / "clickhouse/users.d/nabiz.xml").getroot()
    grants = {one.text for one in root.findall("users/grafana/grants/query")}
    assert grants == {f"GRANT SELECT ON nabiz.{table}" for table in asked}
    assert "audit" in tables - asked


def test_kafka_is_formatted_once_and_started_each_time(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    (tmp_path / "bin").mkdir()
    for name in ("kafka-storage", "kafka-server-start"):
        tool = tmp_path / "bin" / f"{name}.sh"
        tool.write_text(
            f'#!/bin/sh\n[ "$1" = random-uuid ] && echo an-id && exit\necho {name} "$@" >>{log}\n'
            f'[ "$1" != format ] || {{ mkdir -p {data}/log; : >{data}/log/meta.properties; }}\n'
        )
        tool.chmod(0o755)
    text = (DEPLOY / "kafka" / "start").read_text()
    text = text.replace("/opt/kafka", str(tmp_path)).replace("/var/lib/kafka/data", str(data))
    (tmp_path / "start").write_text(text)
    for _ in range(2):
        subprocess.run(["/bin/sh", tmp_path / "start"], check=True)
    properties = "/etc/nabiz/server.properties"
    assert log.read_text().splitlines() == [
        f"kafka-storage format --cluster-id an-id --config {properties}",
        f"kafka-server-start {properties}",
        f"kafka-server-start {properties}",
    ]
