"""The Dockerfile: what it copies is all that Nabız needs, and runs where nothing may be written."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.config.groups import ROOT

OUTSIDE = """
import sys
sys.path = [one for one in sys.path if one != sys.argv[1]]  # the checkout, which is installed too
del sys.argv[1]
"""
"""What comes first in a program that must not see the checkout."""


class Step(NamedTuple):
    """An instruction of the Dockerfile."""

    stage: int
    instruction: str
    arguments: str


def steps() -> Iterator[Step]:
    """Yield the instructions, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    stage = -1
    for line in filter(None, map(str.strip, text.splitlines())):
        instruction, _, arguments = line.partition(" ")
        stage += instruction == "FROM"
        yield Step(stage, instruction, " ".join(arguments.split()))


STEPS = tuple(steps())
LAST = max(step.stage for step in STEPS)


def of(instruction: str, stage: int = LAST) -> list[str]:
    return [one.arguments for one in STEPS if (one.stage, one.instruction) == (stage, instruction)]


def copied(stage: int) -> Iterator[str]:
    """Yield what a stage copies out of the checkout."""
    for arguments in of("COPY", stage):
        if "--from=" not in arguments:
            yield from [one for one in arguments.split() if not one.startswith("--")][:-1]


def is_sent(path: str) -> bool:
    """Say whether .dockerignore lets the builder have a file; the last line that fits decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        fits = any(
            fnmatch.fnmatch(str(one), pattern) or fnmatch.fnmatch(one.name, pattern)
            for one in (Path(path), *Path(path).parents)
        )
        if line and not line.startswith("#") and fits:
            sent = line.startswith("!")
    return sent


def files_below(folder: Path) -> dict[str, int]:
    """Return the files of a folder with the times of their last change."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from what the Dockerfile copies as it builds it, and unpacked."""
    context, site = (tmp_path_factory.mktemp(name) for name in ("context", "site"))
    for source in copied(0):
        for path in [ROOT / source, *(ROOT / source).rglob("*")]:
            name = str(path.relative_to(ROOT))
            if path.is_file() and is_sent(name):
                (context / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, context / name)
    (build,) = re.findall(r"python (-m hatchling build --target wheel) ", " ".join(of("RUN", 0)))
    command = [sys.executable, *build.split(), "--directory", "dist"]
    subprocess.run(command, cwd=context, check=True, capture_output=True)
    (wheel,) = (context / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def run(installed: Path, program: str, *arguments: str, given: str = "") -> str:
    """Run a program on the installed packages, in an empty folder."""
    folder = installed.parent / "empty"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", OUTSIDE + program, str(ROOT), *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), **settings()},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not [*folder.iterdir()]
    return done.stdout


def settings() -> dict[str, str]:
    """What the image sets."""
    pairs = [pair.split("=", 1) for one in of("ENV") for pair in one.split()]
    return {name: value for name, value in pairs if name != "PATH"}


NABIZ = "from pipeline.cli import main; main()"


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    for source in (*copied(0), *copied(LAST)):
        assert (ROOT / source).exists()
        assert is_sent(source), source
    for other in ("tests/conftest.py", "deploy/secrets/api_token", ".git/config", "Makefile"):
        assert not is_sent(other)
    assert not is_sent("pipeline/__pycache__/kpi.cpython-311.pyc")


def test_every_file_of_the_packages_is_in_the_wheel(installed: Path) -> None:
    there = files_below(installed)
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    for package in packages["targets"]["wheel"]["packages"]:
        wanted = {
            f"{package}/{name}" for name in files_below(ROOT / package) if "__pycache__" not in name
        }
        assert wanted <= there.keys()


def test_every_folder_that_the_code_reads_from_is_in_the_wheel(installed: Path) -> None:
    code = [
        path.read_text(encoding="utf-8")
        for package in ("pipeline", "agents")
        for path in (ROOT / package).rglob("*.py")
    ]
    folders = {name for text in code for name in re.findall(r'\bROOT / "([^"]+)"', text)}
    assert {"rules", "schemas", "desk"} <= folders
    folders -= {"requirements", "docs"}  # looked at, or generated, in a checkout alone
    assert [name for name in folders if not (installed / name).exists()] == []


def test_it_reads_texts_outside_of_the_checkout_and_writes_nothing(installed: Path) -> None:
    before = files_below(installed)
    answer = run(installed, NABIZ, "score", given='{"text": "Rezalet, bir daha asla almam!"}\n')
    assert json.loads(answer)["label"] == "negative"
    assert "NABIZ_WORKER_PORT" in run(installed, NABIZ, "config", "--json")
    assert files_below(installed) == before


def test_it_finds_rules_topics_and_migrations_outside_of_the_checkout(installed: Path) -> None:
    program = """
from pipeline.detection.rules import load_rules
from pipeline.config.groups import ROOT
from pipeline.store.migrate import shipped
from pipeline.contracts.topics import load_topics
print(len(load_rules(ROOT / "rules").rules), len(load_topics(ROOT / "schemas")), len(shipped()))
import agents.detect, agents.run, pipeline.web.server, pathlib
own = [one for name, one in sys.modules.items() if name.split(".")[0] in ("pipeline", "agents")]
print({str(pathlib.Path(one.__file__).parents[one.__name__.count(".") + 1])
       if one.__file__.endswith("__init__.py") else "" for one in own if one.__file__} - {""})
"""
    counts, places = run(installed, program).splitlines()
    assert min(map(int, counts.split())) >= 5
    assert places == str({str(installed)})


def test_the_command_of_the_image_is_nabiz(installed: Path) -> None:
    (points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "nabiz = pipeline.cli:main" in points.read_text()
    assert of("ENTRYPOINT") == ['["entrypoint"]']
    assert 'exec nabiz "$@"' in (ROOT / "deploy" / "entrypoint").read_text()


def test_all_that_is_installed_is_locked_by_its_hash() -> None:
    commands = [one for step in STEPS for one in step.arguments.split(" && ")]
    installs = [one for one in commands if re.match(r"pip (\S+ \S+ )?install ", one)]
    assert len(installs) == 3
    for one in installs:
        assert "--require-hashes" in one or "--no-deps --no-index" in one
    (builder,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert (ROOT / "requirements" / "build.lock").read_text().startswith(f"{builder} ")


def test_the_image_has_the_python_that_the_locks_are_for() -> None:
    bases = {*of("FROM", 0), *of("FROM")}
    versions = {re.sub(r" AS \w+$", "", one) for one in bases}
    assert len(versions) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", versions.pop())
    assert "--python-version 3.11" in (ROOT / "requirements" / "compile").read_text()


def test_the_image_runs_as_nobody_s_superuser_and_says_whether_it_is_well() -> None:
    assert of("USER") == ["10001:10001"]
    (check,) = of("HEALTHCHECK")
    assert f'"http://127.0.0.1:{settings()["NABIZ_WORKER_PORT"]}/healthz"' in check
    ports = set(" ".join(of("EXPOSE")).split())
    assert {settings()["NABIZ_WORKER_PORT"], "8089"} == ports
    made = " ".join(of("RUN"))
    assert not re.search(r"apt-get|curl|wget|gcc|pip install", made)
    assert "uninstall" in made


def test_nothing_is_fetched_from_other_places_than_the_package_index() -> None:
    assert not {"ADD", "ONBUILD"} & {step.instruction for step in STEPS}
    assert not re.search(r"https?://(?!127\.0\.0\.1)", " ".join(one.arguments for one in STEPS))
