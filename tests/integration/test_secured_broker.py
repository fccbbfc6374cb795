"""A Kafka that lets in only whom it knows, over TLS with a certificate authority of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaProducer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from agents.runtime.app import faust_credentials
from pipeline.broker import publish
from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.java import java, java_environment, properties
from pipeline.broker.lag import LagReader, wait_until_drained
from pipeline.broker.publish import Publisher
from pipeline.broker.security import client_security
from pipeline.broker.tied_to_parent import tied
from pipeline.broker.topics import apply_topics
from pipeline.cli.supervisor import nabiz
from pipeline.common.ports import HOST, free_port
from pipeline.config.groups import ROOT, KafkaSettings
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import INPUTS
from tests.support.servers import missing

USER, PASSWORD = "nabiz", "öyle gizli"
LOGIN = "org.apache.kafka.common.security"
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "SSL",
    "listener.security.protocol.map": "SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT",
    "ssl.keystore.type": "PEM",
    "ssl.truststore.type": "PEM",
    "listener.name.ssl.ssl.client.auth": "required",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
    "listener.name.sasl_ssl.plain.sasl.jaas.config": (
        f'{LOGIN}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    ),
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
        f"{LOGIN}.scram.ScramLoginModule required;"
    ),
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
}


class Secured(NamedTuple):
    """Where it listens: for passwords, and for certificates. The files are in `folder`."""

    folder: Path
    sasl: str
    ssl: str


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    certificates(folder)
    sasl, ssl, controller = (f"{HOST}:{free_port()}" for _ in range(3))
    places = {
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"SASL_SSL://{sasl},SSL://{ssl},CONTROLLER://{controller}",
        "ssl.keystore.location": folder / "server.pem",
        "ssl.truststore.location": folder / "ca.pem",
        "log.dirs": folder / "log",
    }
    configuration = folder / "server.properties"
    configuration.write_text(properties({**PROPERTIES, **places}), encoding="ascii")
    known = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
    command(
        "kafka.tools.StorageTool", "format", "-t=c", "-c", configuration, "-S", known, of=java()
    )
    address = Secured(folder, sasl, ssl)
    with (folder / "kafka.log").open("wb") as log:
        server = subprocess.Popen(
            tied([*java(), "kafka.Kafka", str(configuration)]),
            env=java_environment(),
            stdout=log,
            stderr=log,
        )
    try:
        for attempt in Retrying(
            retry=retry_if_exception_type(BrokerUnavailable),
            stop=stop_after_delay(240),
            wait=wait_fixed(0.2),
        ):
            with attempt:
                assert server.poll() is None, (folder / "kafka.log").read_text()[-3_000:]
                apply(certified(address))
        yield address
    finally:
        server.kill()
        server.wait()


def certificates(folder: Path) -> None:
    """An authority, and a server and a client that it signs for."""
    if shutil.which("openssl") is None:
        missing("openssl is not installed")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2")
    make = ("openssl", "req", "-x509", *key)
    command(*make, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem", at=folder)
    for name in ("server", "client"):
        command(
            *make,
            *("-CA", "ca.pem", "-CAkey", "ca.key", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName=IP:{HOST}", "-addext", "basicConstraints=CA:FALSE"),
            *("-keyout", f"{name}.key", "-out", f"{name}.crt"),
            at=folder,
        )
    (folder / "server.pem").write_text(
        (folder / "server.key").read_text() + (folder / "server.crt").read_text()
    )


def command(*arguments: object, of: list[str] | None = None, at: Path | None = None) -> None:
    done = subprocess.run(
        [*(of or []), *map(str, arguments)],
        cwd=at,
        env=java_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def with_password(secured: Secured, mechanism: str, password: str = PASSWORD) -> KafkaSettings:
    return KafkaSettings(
        bootstrap=secured.sasl,
        security_protocol="SASL_SSL",
        sasl_mechanism=mechanism,  # type: ignore[arg-type]
        sasl_username=USER,
        sasl_password=SecretStr(password),
        ssl_ca_file=str(secured.folder / "ca.pem"),
    )


def certified(secured: Secured) -> KafkaSettings:
    return KafkaSettings(
        bootstrap=secured.ssl,
        security_protocol="SSL",
        ssl_ca_file=str(secured.folder / "ca.pem"),
        ssl_certificate_file=str(secured.folder / "client.crt"),
        ssl_key_file=str(secured.folder / "client.key"),
    )


def apply(kafka: KafkaSettings) -> None:
    topics = load_topics(ROOT / "schemas").values()
    apply_topics(kafka.bootstrap, topics, security=client_security(kafka))


@pytest.fixture(params=["PLAIN", "SCRAM-SHA-512", "certificate"])
def kafka(request: pytest.FixtureRequest, secured: Secured) -> KafkaSettings:
    if request.param == "certificate":
        return certified(secured)
    return with_password(secured, request.param)


def ends(kafka: KafkaSettings) -> int:
    with LagReader(kafka.bootstrap, client_security(kafka)) as reader:
        return sum(lag.end for lag in reader.read({"group": ["cx.feedback"]}, None))


def test_every_client_of_ours_is_let_in(kafka: KafkaSettings) -> None:
    apply(kafka)
    before = ends(kafka)
    with Publisher(kafka.bootstrap, client_security(kafka)) as publisher:
        publisher.send("cx.feedback", b"key", b"value")
    assert ends(kafka) == before + 1


async def test_the_client_of_faust_is_let_in(kafka: KafkaSettings) -> None:
    auth: Mapping[str, object] = credentials_to_aiokafka_auth(faust_credentials(kafka))
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, **auth) as producer:
        before = ends(kafka)
        await producer.send_and_wait("cx.feedback", b"value")
    assert ends(kafka) == before + 1


def test_commands_and_roles_are_let_in_by_the_environment(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    secrets = {"sasl_password": kafka.sasl_password.get_secret_value()}
    values = {**kafka.model_dump(exclude_defaults=True), **secrets}
    settings = {f"NABIZ_KAFKA_{name.upper()}": value for name, value in values.items() if value}
    environment = {**os.environ, "NABIZ_DATA": str(tmp_path), **settings}
    before = ends(kafka)
    publish = nabiz("simulate", "--publish", "--days", "0.1")
    done = subprocess.run(publish, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ends(kafka) > before

    group = {"nabiz-understand": INPUTS["understand"]}
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(nabiz("worker", "understand"), env=environment, stderr=log) as worker,
        LagReader(kafka.bootstrap, client_security(kafka)) as reader,
    ):
        try:
            assert wait_until_drained(reader, group, 60, lambda _: None)
            worker.terminate()
            assert worker.wait(20) == 0
        finally:
            worker.kill()


def test_who_is_not_known_is_told_so_soon(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "CONNECT_TIMEOUT_MS", 3_000)
    for mechanism in ("PLAIN", "SCRAM-SHA-512"):
        stranger = with_password(secured, mechanism, "guessed")
        began = time.monotonic()
        with pytest.raises(BrokerUnavailable, match=r"(?i)auth|refuse the user"):
            Publisher(stranger.bootstrap, client_security(stranger))
        assert time.monotonic() - began < 5


def test_a_kafka_that_nobody_vouches_for_is_not_trusted(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "CONNECT_TIMEOUT_MS", 3_000)
    trusting_others = certified(secured).model_copy(update={"ssl_ca_file": ""})
    with pytest.raises(BrokerUnavailable, match=r"(?i)certificate"):
        Publisher(trusting_others.bootstrap, client_security(trusting_others))
