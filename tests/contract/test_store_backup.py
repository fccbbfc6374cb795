"""A backup holds all that the store answers from, for either engine; what is not whole is none."""

import errno
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from pipeline.follow_up.lone_case import lone_case
from pipeline.store import Backend, BackupError, Store, StoreUnavailable
from pipeline.store.backup import MANIFEST, read_manifest
from tests.contract.answers import answers
from tests.contract.conftest import empty_database
from tests.contract.stored import alert, fill, some_events

NOW = datetime(2026, 4, 1, tzinfo=UTC)
CASE = lone_case(alert("a1"), None)


class Restored(NamedTuple):
    """A store that was filled from a backup, and what the store answered that it was made of."""

    backend: Backend
    wanted: dict[str, Any]

    def check(self) -> None:
        """It answers as the other did."""
        found = answers(self.backend)
        shared = found.keys() & self.wanted.keys()
        assert {name: found[name] for name in shared} == {
            name: self.wanted[name] for name in shared
        }


@pytest.fixture(params=[("chdb", "server"), ("server", "chdb"), ("chdb", "chdb")], ids="-to-".join)
def restored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Restored]:
    first, second = (request.getfixturevalue(name) for name in request.param)
    with empty_database(first):
        fill(first)
        Store(first).write_cases([CASE])
        wanted = answers(first)
        Store(first).back_up(tmp_path / "backup", NOW)
    with empty_database(second):
        Store(second).restore(tmp_path / "backup")
        yield Restored(second, wanted)


def test_a_backup_is_restored_on_either_engine(restored: Restored) -> None:
    restored.check()
    assert Store(restored.backend).cases() == [CASE]


def test_what_is_delivered_again_after_a_restore_counts_nothing_twice(restored: Restored) -> None:
    again = some_events(random.Random(1), 200)
    assert Store(restored.backend).write_events(again).duplicates == len(again)
    restored.check()


def test_an_empty_store_has_a_backup(store: Store, tmp_path: Path) -> None:
    made = store.back_up(tmp_path / "backup", NOW)
    assert {file.rows for file in made.tables.values()} == {0}
    assert store.restore(tmp_path / "backup") == made


def test_a_backup_is_its_owner_s_alone_whatever_the_umask(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    before = os.umask(0)
    try:
        folder.mkdir(mode=0o777)
        store.back_up(folder, NOW)
    finally:
        os.umask(before)
    assert {oct(one.stat().st_mode & 0o777) for one in folder.iterdir()} == {"0o600"}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_backup_goes_into_an_empty_folder_only(store: Store, tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(BackupError, match="not an empty folder"):
        store.back_up(tmp_path, NOW)


def test_a_folder_that_cannot_be_made_and_a_disk_that_fills_are_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "file").touch()
    with pytest.raises(BackupError, match=f"^{tmp_path}/file/below cannot be written"):
        store.back_up(tmp_path / "file" / "below", NOW)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackupError, match=r"backup cannot be written \(No space left on device"):
        store.back_up(tmp_path / "backup", NOW)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(BackupError, match=f"{MANIFEST} cannot be read"):
        read_manifest(tmp_path)


def test_a_store_that_lacks_migrations_is_not_backed_up(backend: Backend, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nabiz store migrate"):
        Store(backend).back_up(tmp_path, NOW)


def test_an_interrupted_backup_is_none(
    backend: Backend, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(backend)
    whole = backend.stream

    def cut_off(sql: str):
        if "FROM events" in sql:
            raise StoreUnavailable("injected")
        return whole(sql)

    monkeypatch.setattr(backend, "stream", cut_off)
    with pytest.raises(StoreUnavailable):
        store.back_up(tmp_path / "backup", NOW)
    with pytest.raises(BackupError, match=r"no complete backup: manifest\.json is missing"):
        read_manifest(tmp_path / "backup")


def test_a_file_that_changed_is_noticed_before_anything_is_written(
    store: Store, tmp_path: Path
) -> None:
    store.write_alerts([alert("a1")])
    store.back_up(tmp_path / "backup", NOW)
    file = tmp_path / "backup" / "alerts.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BackupError, match=r"alerts\.jsonl\.gz is missing or has changed"):
        read_manifest(tmp_path / "backup")


@pytest.mark.parametrize(
    ("change", "what"),
    [({"format": 2}, "format 2"), ({"migrations": ("events/999_more",)}, "events/999_more")],
)
def test_a_backup_by_a_newer_program_is_refused(
    store: Store, tmp_path: Path, change: dict[str, object], what: str
) -> None:
    made = store.back_up(tmp_path / "backup", NOW)
    changed = msgspec.structs.replace(made, **change)
    (tmp_path / "backup" / MANIFEST).write_bytes(msgspec.json.encode(changed))
    with pytest.raises(BackupError, match=f"made by a newer Nabız .*{what}"):
        store.restore(tmp_path / "backup")


def test_a_store_that_is_not_empty_is_not_restored_into(
    backend: Backend, store: Store, tmp_path: Path
) -> None:
    store.back_up(tmp_path / "backup", NOW)
    store.write_alerts([alert("a1")])
    with pytest.raises(BackupError, match="the store is not empty"):
        store.restore(tmp_path / "backup")
    assert store.alerts() == [alert("a1")]
