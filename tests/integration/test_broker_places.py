"""One's own broker on any machine: whatever its language, its user's settings and its paths."""

from pathlib import Path

import pytest

from pipeline.broker.local import LocalBroker
from pipeline.broker.publish import Publisher
from tests.integration.test_broker import values
from tests.support.servers_kafka import new_topic

MARKS = ("Masaüstü", "deneme ş, 100% \"iyi\" 'mi' #=:!\\u", "😀")
NOT_UTF_8 = b"Masa\xfcst\xfc"


@pytest.fixture(autouse=True)
def settings_for_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.setenv(name, "tr_TR.UTF-8")
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"):
        monkeypatch.setenv(name, "-Duser.language=tr -Duser.country=TR -Dfile.encoding=ISO-8859-9")
    monkeypatch.setenv("CLASSPATH", "/nowhere")
    monkeypatch.setenv("KAFKA_OPTS", "-Dlog4j2.level=ALL")


def publish(data: Path) -> None:
    with LocalBroker.start(data) as broker:
        new_topic(broker.bootstrap, 1, "kept")
        with Publisher(broker.bootstrap) as publisher:
            publisher.send("kept", b"key", b"before")


def kept(data: Path) -> list[bytes]:
    with LocalBroker.start(data) as broker:
        return values(broker.bootstrap, "kept")


def test_a_log_that_was_written_beside_its_folder_is_taken_back(tmp_path: Path) -> None:
    data = tmp_path.joinpath(*MARKS)
    publish(data)
    # This is where it was before: Java had read the UTF-8 of the path as Latin-1.
    misread = tmp_path / str(Path(*MARKS)).encode().decode("latin-1")
    misread.mkdir(parents=True)
    (data / "log").rename(misread / "log")

    assert kept(data) == [b"before"]
    assert [one.name for one in tmp_path.iterdir()] == [MARKS[0]]


def test_no_path_is_too_long_or_too_strange(tmp_path: Path) -> None:
    strange = tmp_path / NOT_UTF_8.decode(errors="surrogateescape")
    deep = strange.joinpath(*["ş" * 100] * 18)
    deep.mkdir(parents=True)
    (tmp_path / "link").symlink_to(deep)
    publish(tmp_path / "link" / "kafka")

    assert (deep / "kafka" / "log" / "meta.properties").exists()
    assert kept(deep / "kafka") == [b"before"]
    assert {one.name for one in tmp_path.iterdir()} == {"link", strange.name}
