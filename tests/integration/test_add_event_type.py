"""An event type is added by the documentation, in a copy of the project: two files by hand."""

import re
import shutil
import subprocess
import sys
from filecmp import dircmp
from pathlib import Path

import pytest

from pipeline.config.groups import ROOT

ROW = """    CALLBACK_ASKED = ("callback.asked", "Geri arama istedi", "Callback asked for",
        "asked to be called", _ASKS | Trait.LINE)
"""
ASIDE = (
    "  - {weekly: 0.03, events: [callback.asked], channel: web, source: crm, touchpoint: destek}\n"
)
BY_HAND = {"pipeline/model/event_types.py", "pipeline/sources/simulate/company.yaml"}
GENERATED = re.compile(r"schemas/|grafana/(dashboards|provisioning)/|docs/events\.md")
TESTS = (
    *("tests/unit/test_event_types.py", "tests/unit/test_schemas.py", "tests/unit/test_docs.py"),
    *("tests/unit/test_dashboard_files.py", "tests/unit/test_simulate.py"),
)

FOLLOWS = """
from pipeline.board.localizer import texts
from pipeline.detection.rules import load_rules
from pipeline.config.groups import ROOT
from pipeline.model.contact import is_contact, keeps_alive
from pipeline.model.event_types import EventType
from pipeline.sources.csv_cells import word
from pipeline.store.sql import query, shared_parts

asked = EventType.CALLBACK_ASKED
assert asked.topic == "cx.interactions"
assert is_contact(asked, "customer", thanks=False) and keeps_alive(asked, "customer")
assert "'callback.asked'" in shared_parts()["types.contact"]
assert "'callback.asked'" in query("journeys")
assert word("type", "Geri arama istedi") == "callback.asked"
assert asked in load_rules(ROOT / "rules").by_name["repeated_contact"].events
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project; it shares the models, which are large."""
    copy = tmp_path_factory.mktemp("copy") / "project"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "weights", "nabiz-data", "shared")
    shutil.copytree(ROOT, copy, ignore=left_out)
    shutil.copytree(ROOT / ".ci", copy / ".ci")
    (copy / "pipeline/text/weights").symlink_to(ROOT / "pipeline/text/weights")
    return copy


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, whose modules come before those that are installed."""
    command = [sys.executable, "-B", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def add(project: Path, row: str) -> None:
    table, company = (project / path for path in sorted(BY_HAND))
    added = (ROOT / "pipeline/model/event_types.py").read_text("utf-8")
    table.write_text(added.replace("    CALL = (", f"{row}    CALL = ("), "utf-8")
    asides = (ROOT / "pipeline/sources/simulate/company.yaml").read_text("utf-8")
    company.write_text(asides.replace("asides:\n", f"asides:\n{ASIDE}"), "utf-8")


def changed(compared: dircmp[str], folder: str = "") -> set[str]:
    """Return the files that differ, or are in the copy alone."""
    differ = {folder + name for name in (*compared.diff_files, *compared.right_only)}
    for name, below in compared.subdirs.items():
        differ |= changed(below, f"{folder}{name}/")
    return differ


def test_a_row_and_a_line_of_the_simulator_are_all(project: Path) -> None:
    add(project, ROW)
    makefile = (project / "Makefile").read_text("utf-8")
    (target,) = re.findall(r"^generated:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    for module in re.findall(r"-m (\S+)", target):
        done = run(project, "-m", module)
        assert done.returncode == 0, done.stderr
    ran = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
    assert ran.returncode == 0, ran.stdout
    follows = run(project, "-c", FOLLOWS)
    assert follows.returncode == 0, follows.stderr
    left_out = ["__pycache__", *(path.name for path in ROOT.glob(".*"))]
    differ = changed(dircmp(ROOT, project, ignore=left_out))
    assert {path for path in differ if not GENERATED.match(path)} == BY_HAND


def test_a_missing_translation_fails_a_test(project: Path) -> None:
    add(project, ROW.replace("Geri arama istedi", ""))
    ran = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS[0])
    assert ran.returncode == 1
    assert re.search(r"FAILED .*test_every_type_is_told_in_both_languages\[callback", ran.stdout)
