import errno
import fcntl
import io
import os
import threading
import zipfile
from pathlib import Path
from typing import NamedTuple
from unittest.mock import Mock

import pytest
from rich.console import Console

from pipeline.broker import distribution
from pipeline.broker.distribution import KAFKA, KAFKA_VERSION, kafka_jars, user_cache
from pipeline.broker.errors import BrokerError


def test_jars_that_are_there_need_no_network(tmp_path: Path, socket_disabled: None) -> None:
    home = tmp_path / f"kafka-{KAFKA_VERSION}"
    home.mkdir()
    for name in ("b.jar", "a.jar"):
        (home / name).touch()

    assert kafka_jars(tmp_path) == [home / "a.jar", home / "b.jar"]


def test_a_folder_without_jars_is_said_with_what_to_type(tmp_path: Path) -> None:
    home = tmp_path / "my cache" / f"kafka-{KAFKA_VERSION}"
    home.mkdir(parents=True)
    with pytest.raises(BrokerError, match="holds no jars of Apache Kafka") as told:
        kafka_jars(home.parent)
    assert str(told.value).endswith(f"rm -r '{home}'")


def test_without_network_the_error_says_what_to_do_and_leaves_nothing_half_done(
    tmp_path: Path, socket_disabled: None
) -> None:
    with pytest.raises(BrokerError, match="Check the network, proxy"):
        kafka_jars(tmp_path)

    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


class Jar(NamedTuple):
    """Stands in for a file of Maven Central."""

    path: Path

    def resolve(self) -> Path:
        with zipfile.ZipFile(self.path, "w"):
            return self.path


def test_where_there_is_no_terminal_lines_say_how_far_the_download_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars = [Jar(tmp_path / f"{number:02}.jar") for number in range(12)]
    monkeypatch.setattr(distribution, "_artifacts", lambda _: jars)
    said = io.StringIO()
    assert len(kafka_jars(tmp_path / "cache", Console(file=said, width=200))) == 12
    assert said.getvalue().splitlines() == [
        f"{KAFKA} is downloaded from Maven Central (45 MB, once for this user)",
        "downloaded 10 of 12 files",
        "downloaded 12 of 12 files",
    ]


def test_who_waits_for_the_download_of_another_says_so(tmp_path: Path) -> None:
    home, said = tmp_path / f"kafka-{KAFKA_VERSION}", io.StringIO()
    waits = threading.Event()

    class Heard(Console):
        def print(self, *said_: object, **how: object) -> None:
            super().print(*said_, **how)  # type: ignore[arg-type]
            waits.set()

    with home.with_name(f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other = threading.Thread(target=kafka_jars, args=(tmp_path, Heard(file=said)))
        other.start()
        assert waits.wait(30)
        home.mkdir()
        (home / "a.jar").touch()
    other.join(30)
    assert not other.is_alive()
    assert "waiting for another process" in said.getvalue()


@pytest.mark.parametrize("error", [errno.EACCES, errno.EROFS])
def test_a_cache_that_cannot_be_written_to_is_named_with_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    refused = OSError(error, os.strerror(error))
    monkeypatch.setattr(distribution, "_exclusive", Mock(side_effect=refused))
    with pytest.raises(BrokerError, match=r"cannot be kept in .*XDG_CACHE_HOME") as told:
        kafka_jars(tmp_path)
    assert f"{tmp_path} ({os.strerror(error)})" in str(told.value)


@pytest.mark.parametrize(
    ("named", "found"), [("/c", "/c"), ("relative", "/h/.cache"), ("", "/h/.cache")]
)
def test_jars_are_kept_in_the_user_s_cache(
    monkeypatch: pytest.MonkeyPatch, named: str, found: str
) -> None:
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    assert user_cache() == Path(found, "nabiz")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", Mock(side_effect=RuntimeError("no home")))
    with pytest.raises(BrokerError, match=r"no home.*XDG_CACHE_HOME"):
        kafka_jars()
