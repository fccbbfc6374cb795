"""What holds customers' words is its owner's alone, whatever the umask is."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.target import claimed
from pipeline.common.private_files import make_private
from tests.support.command_runs import Nabiz


@pytest.fixture(autouse=True)
def _careless() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    found = (folder, *folder.rglob("*"))
    return {
        str(one.relative_to(folder)): oct(stat.S_IMODE(one.lstat().st_mode))
        for one in found
        if not one.is_symlink()
    }


def made(folder: Path) -> Path:
    (folder / "logs" / "old").mkdir(parents=True)
    (folder / "logs" / "record.log").write_text("kargo", encoding="utf-8")
    (folder / "run").write_text("#!/bin/sh", encoding="utf-8")
    (folder / "run").chmod(0o755)
    return folder


def test_what_is_there_is_taken_from_others_and_stays_usable(tmp_path: Path) -> None:
    folder = made(tmp_path / "data")
    make_private(folder)
    assert modes(folder) == {
        ".": "0o700",
        "logs": "0o700",
        "logs/old": "0o700",
        "logs/record.log": "0o600",
        "run": "0o700",
    }


def test_a_folder_may_be_given_by_a_link(tmp_path: Path) -> None:
    folder = made(tmp_path / "data")
    (tmp_path / "link").symlink_to(folder)
    make_private(tmp_path / "link")
    assert {mode[-2:] for mode in modes(folder).values()} == {"00"}


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    shared = made(tmp_path / "shared")
    before = modes(shared)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "link").symlink_to(shared)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    make_private(folder)
    assert modes(shared) == before


def test_the_folder_of_all_data_is_tightened_at_the_start(tmp_path: Path) -> None:
    folder = made(tmp_path / "data")
    with claimed(folder):
        found = modes(folder)
    assert {mode[-2:] for mode in found.values()} == {"00"}
    assert "up.lock" in found


def test_a_command_writes_for_its_user_alone(nabiz: Nabiz) -> None:
    assert nabiz("config").code == 0
    assert os.umask(0) == 0o077


def test_what_is_not_there_is_no_fault(tmp_path: Path) -> None:
    make_private(tmp_path / "none")
