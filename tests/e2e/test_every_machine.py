"""`nabiz up` and its commands on a machine that is set to Turkish, in a folder of any name."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.machine import COMMAND_TIMEOUT, NABIZ, Machine, running_machine

FOLDER = "Masaüstü/deneme ş, %20?a=b"
TURKISH = {
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "JAVA_TOOL_OPTIONS": "-Duser.language=tr -Duser.country=TR",
    "NABIZ_API_HOST": "::1",
    "NABIZ_WORKER_HOST": "::1",
}
CHARSETS = {
    "tr_TR.UTF-8": ("tr_TR", "UTF-8"),
    "tr_TR.ISO-8859-9": ("tr_TR", "ISO-8859-9"),
    "de_DE.ISO-8859-1": ("de_DE", "ISO-8859-1"),
}
COMMANDS = (("kpis", "--by", "channel"), ("alerts",), ("status",))


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the locales that Debian can make here; a machine need not have them."""
    folder = tmp_path_factory.mktemp("locales")
    if make := shutil.which("localedef"):
        for name, (language, charset) in CHARSETS.items():
            command = [make, "-i", language, "-f", charset, str(folder / name)]
            subprocess.run(command, capture_output=True, check=False)
    return folder


@pytest.fixture(scope="module")
def turkish(tmp_path_factory: pytest.TempPathFactory, locales: Path) -> Iterator[Machine]:
    data = tmp_path_factory.mktemp("machine") / FOLDER
    data.parent.mkdir(parents=True)
    with running_machine(data, LOCPATH=str(locales), **TURKISH) as machine:
        machine.run("simulate", "--publish", "--days", "0.5", "--seed", "5")
        machine.run("drain")
        yield machine


def test_all_that_is_kept_is_in_its_folder_and_is_found_by_ipv6(turkish: Machine) -> None:
    above = turkish.data.parent.parent
    assert [one.name for one in above.iterdir()] == ["Masaüstü"]
    assert {one.name for one in turkish.data.parent.iterdir()} == {
        turkish.data.name,
        turkish.data.with_suffix(".log").name,
    }
    assert (turkish.data / "kafka" / "log" / "meta.properties").exists()
    assert [*(turkish.data / "store" / "data").iterdir()]
    assert [*(turkish.data / "state").iterdir()]
    addresses = turkish.addresses()
    pages = [addresses["api"], *addresses["workers"].values()]
    assert all(re.match(r"http://\[::1\]:\d+$", page) for page in pages)


@pytest.mark.parametrize(
    "environment",
    [
        *({"LC_ALL": name} for name in (*CHARSETS, "C", "POSIX", "no_SUCH")),
        {"PYTHONIOENCODING": "ascii", "COLUMNS": "20", "TERM": "dumb", "NO_COLOR": "1"},
        {"LC_ALL": "C.UTF-8", "COLUMNS": "40", "FORCE_COLOR": "1"},
    ],
    ids=lambda environment: "-".join(environment.values()),
)
def test_every_command_answers_in_every_locale_and_on_narrow_terminals(
    turkish: Machine, locales: Path, environment: dict[str, str]
) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    alerted = turkish.json("alerts")[0]["customer_id"]
    for command in (*COMMANDS, ("customer", alerted)):
        done = subprocess.run(
            [*NABIZ, *command, "--data", str(turkish.data)],
            env={**kept, "LOCPATH": str(locales), **environment},
            capture_output=True,
            timeout=COMMAND_TIMEOUT,
        )
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode()
        assert done.stdout


def test_json_is_the_same_in_every_locale(turkish: Machine, locales: Path) -> None:
    def told(locale: str) -> object:
        done = subprocess.run(
            [*NABIZ, "alerts", "--json", "--data", str(turkish.data)],
            env={"PATH": os.environ["PATH"], "LOCPATH": str(locales), "LC_ALL": locale},
            capture_output=True,
            timeout=COMMAND_TIMEOUT,
        )
        return json.loads(done.stdout)

    assert told("tr_TR.ISO-8859-9") == told("C.UTF-8") != []
