"""Files through the real system: each row once, every figure as counted from the files alone."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evaluation.count import read_files
from evaluation.reconcile import differences
from pipeline.cli.target import find
from tests.e2e.files import (
    USELESS_COMPLAINTS,
    USELESS_TWEETS,
    Lines,
    make_lines,
    shuffled,
    split,
    write,
)
from tests.e2e.machine import Machine, running_machine
from tests.e2e.stored import assert_same, stored

SAME = {"NABIZ_ENGINE_NAME": "fast"}
"""Says the same of a text under any load; `auto` does not."""
LINES = make_lines(seed=3, complaints=600, tweets=1_500)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What the store holds of LINES; replayed twice, the second time changed nothing."""
    folder = tmp_path_factory.mktemp("reference")
    with running_machine(folder / "data", **SAME) as nabiz:
        replay(nabiz, folder, LINES)
        alerts = nabiz.json("alerts", "--limit", "10000")
        reconcile(nabiz, folder)
        replay(nabiz, folder, LINES)
        reconcile(nabiz, folder)
        assert nabiz.json("alerts", "--limit", "10000") == alerts
        assert figures_that_differ(nabiz, folder / "other", one_mark_changed()) == {"csat_mean"}
    return stored(folder / "data" / "store")


def test_every_valid_row_is_stored_once_and_all_others_are_dead_letters(
    reference: dict[str, list[Any]], tmp_path: Path
) -> None:
    files = read_files(write(tmp_path, LINES))
    assert files.read == len(files.rows) + files.repeated + files.bad
    assert files.repeated == 600 // 25 + 1_500 // 25
    assert Counter(event[0] for event in reference["events"]) == Counter(files.event_ids)
    assert len(reference["dead letters"]) == files.bad == 10


def test_neither_the_order_of_arrival_nor_lateness_changes_anything(
    reference: dict[str, list[Any]], tmp_path: Path
) -> None:
    most, late = split(shuffled(LINES, seed=5), late=0.1, seed=7)
    with running_machine(tmp_path / "data", **SAME) as nabiz:
        replay(nabiz, tmp_path / "most", most)
        replay(nabiz, tmp_path / "late", late)
        write(tmp_path, LINES)
        reconcile(nabiz, tmp_path)
    assert_same(stored(tmp_path / "data" / "store"), reference)


def replay(nabiz: Machine, folder: Path, lines: Lines) -> None:
    complaints, tweets = write(folder, lines)
    for file, source, given, useless in (
        (complaints, "sikayetvar", lines.complaints, USELESS_COMPLAINTS),
        (tweets, "tweets", lines.tweets, USELESS_TWEETS),
    ):
        refused = not set(useless).isdisjoint(given)
        nabiz.run("replay", str(file), "--source", source, exit_code=int(refused))
    nabiz.run("drain")


def one_mark_changed() -> Lines:
    """Return other files than LINES: the comparison has to see it."""
    index = next(i for i, line in enumerate(LINES.complaints) if b'"satisfaction": 1' in line)
    changed = LINES.complaints[index].replace(b'"satisfaction": 1', b'"satisfaction": 2')
    return LINES._replace(complaints=[changed, *LINES.complaints])


def figures_that_differ(nabiz: Machine, folder: Path, lines: Lines) -> set[str]:
    found = differences(read_files(write(folder, lines)), find(nabiz.data))
    return {difference.figure[2] for difference in found}


def reconcile(nabiz: Machine, folder: Path) -> None:
    files = read_files([folder / "complaints.jsonl", folder / "tweets.jsonl"])
    assert differences(files, find(nabiz.data)) == []
