"""What Kafka's Java is given: a file of settings in its own notation, and an environment."""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.broker import java
from pipeline.broker.errors import BrokerError
from pipeline.broker.java import java_environment, properties
from pipeline.config.groups import ROOT


def read_by_java(text: str) -> dict[str, str]:
    """As the documentation of `java.util.Properties.load` has it, for lines that all have `=`."""
    found = {}
    for line in text.encode("latin-1").decode("latin-1").splitlines():
        pattern = r"[ \t\f]*((?:\\.|[^\\=:\s])*)[ \t\f]*[=:]?[ \t\f]*(.*)"
        key, value = re.fullmatch(pattern, line).groups()  # type: ignore[union-attr]
        found[_unescaped(key)] = _unescaped(value)
    return found


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else match[2]

    units = re.sub(r"\\(?:u([0-9a-f]{4})|(.))", one, text)
    return units.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")


def test_settings_are_written_in_java_s_notation() -> None:
    written = properties({"log": "Masaüstü/😀", "n": r" C:\x=1#!"})
    assert written == "log=Masa\\u00fcst\\u00fc/\\ud83d\\ude00\nn=\\ C\\:\\\\x\\=1\\#\\!\n"


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_java_reads_what_was_meant(values: dict[str, str]) -> None:
    text = properties(values)
    assert text.isascii()
    assert read_by_java(text) == values


def test_java_s_environment_is_not_the_user_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LC_MESSAGES", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "LOG4J_LEVEL"):
        monkeypatch.setenv(name, "tr_TR.UTF-8")
    assert "tr_TR.UTF-8" not in java_environment().values()
    assert java_environment()["LC_ALL"] == "C.UTF-8"


def test_a_cache_whose_name_java_cannot_take_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "kafka_jars", lambda *_: [Path("/a:b/kafka.jar")])
    with pytest.raises(BrokerError, match=r"/a:b.*XDG_CACHE_HOME"):
        java.java()


def test_the_container_gives_java_a_language_too(tmp_path: Path) -> None:
    """Options of the command line win over JAVA_TOOL_OPTIONS, and _JAVA_OPTIONS over them."""
    for tool in ("kafka-storage.sh", "kafka-server-start.sh"):
        (tmp_path / tool).write_text('#!/bin/sh\necho "$LC_ALL$KAFKA_OPTS ${_JAVA_OPTIONS-unset}"')
        (tmp_path / tool).chmod(0o755)
    script = (ROOT / "deploy/kafka/start").read_text().replace("/opt/kafka/bin", str(tmp_path))
    turkish = {"LC_ALL": "tr_TR.UTF-8", "KAFKA_OPTS": "", "_JAVA_OPTIONS": "-Duser.language=tr"}
    done = subprocess.run(["sh", "-c", script], env=turkish, capture_output=True, text=True)
    assert {*done.stdout.splitlines()} == {"C.UTF-8 -Duser.language=en -Duser.country=US unset"}, (
        done.stderr
    )
