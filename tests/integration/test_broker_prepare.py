"""Kafka made ready: Java keeps what it has found out about its classes, and starts with that."""

from pathlib import Path

import pytest
from rich.console import Console

from pipeline.broker import prepare as preparing
from pipeline.broker.distribution import kafka_jars
from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.broker.java import classes_cache
from pipeline.broker.local import LocalBroker
from pipeline.broker.prepare import prepare

SAID_BY_JAVA = "[aot]"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the classes will be kept, in a user's cache that has the jars alone."""
    jars = kafka_jars()
    home = tmp_path / "önbellek" / "nabiz" / jars[0].parent.name
    home.mkdir(parents=True)
    for jar in jars:
        (home / jar.name).symlink_to(jar)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "önbellek"))
    return classes_cache(kafka_jars())


def test_kafka_starts_with_the_classes_that_were_kept(tmp_path: Path, cache: Path) -> None:
    prepare(Console(quiet=True))
    assert [one.name for one in cache.parent.iterdir() if one.suffix != ".jar"] == [cache.name]
    only_with_it = ["-XX:AOTMode=on", f"-XX:AOTCache={cache}"]
    with LocalBroker.start(tmp_path / "kafka", options=only_with_it):
        pass
    assert SAID_BY_JAVA not in (tmp_path / "kafka" / "kafka.log").read_text()


def test_kafka_starts_without_them_where_they_are_damaged(tmp_path: Path, cache: Path) -> None:
    cache.write_bytes(b"no classes")
    with LocalBroker.start(tmp_path / "kafka"):
        pass
    assert SAID_BY_JAVA in (tmp_path / "kafka" / "kafka.log").read_text()


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(13, "Permission denied"),
        BrokerError("Kafka does not come up"),
        BrokerUnavailable("Kafka does not answer"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_where_nothing_can_be_kept_kafka_is_as_ready_as_it_can_be(
    cache: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: Path) -> None:
        raise error

    monkeypatch.setattr(preparing, "_keep_classes", fail)
    prepare(Console(quiet=True))
    assert not cache.exists()
