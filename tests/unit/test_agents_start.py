"""What a role says where it cannot start, and what it removes as it does."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents.runtime.app import make_app
from agents.runtime.batching import Batching
from pipeline.calendar.calendar_file import CalendarError
from pipeline.cli.exit_codes import exit_code
from pipeline.config.groups import CalendarSettings, StoreSettings
from pipeline.config.settings import Settings, SettingsError
from pipeline.store import StoreRefused
from pipeline.store.open import open_store


def refused(folder: Path) -> str:
    with pytest.raises(SettingsError) as told:
        make_app("detect", Settings(data=folder), Batching(fetch=1, size=1))
    assert exit_code(told.value) == 2
    return str(told.value)


def store_refused(folder: Path) -> str:
    """What `record`, and the API without a server, say."""
    with pytest.raises(StoreRefused) as told:
        open_store(Settings(data=folder))
    assert exit_code(told.value) == 2
    return str(told.value)


@pytest.mark.parametrize("at", ["data", "data/state", "data/state/detect"])
def test_a_file_in_place_of_a_folder_is_named_with_the_setting(tmp_path: Path, at: str) -> None:
    (tmp_path / at).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / at).touch()
    said = refused(tmp_path / "data")
    folder = tmp_path / "data" / "state" / "detect"
    assert said.startswith(f"NABIZ_DATA: {folder} cannot be created or written to")


@pytest.mark.parametrize("at", ["data", "data/store"])
def test_a_file_in_place_of_the_store_is_named_with_the_setting(tmp_path: Path, at: str) -> None:
    (tmp_path / at).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / at).touch()
    said = store_refused(tmp_path / "data")
    folder = tmp_path / "data" / "store"
    assert said.startswith(f"NABIZ_DATA: the store's folder {folder} cannot be created")


def test_a_folder_that_this_user_may_only_read_is_named_with_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write to any
    said = refused(tmp_path)
    assert said.startswith(f"NABIZ_DATA: {tmp_path}/state/detect cannot be created or written to")
    assert "(Permission denied)" in said
    assert "(Permission denied)" in store_refused(tmp_path)


def test_only_who_reads_kpis_needs_the_calendar(tmp_path: Path) -> None:
    (tmp_path / "calendar.yaml").write_text("time_zone: Mars")
    settings = Settings(
        calendar=CalendarSettings(file=tmp_path / "calendar.yaml"),
        store=StoreSettings(url=SecretStr("clickhouse://localhost/nabiz")),
    )
    open_store(settings, with_kpis=False).close()
    with pytest.raises(CalendarError):
        open_store(settings)


def test_local_files_of_older_versions_which_may_lack_states_are_removed(tmp_path: Path) -> None:
    tables = tmp_path / "state" / "detect" / "v1" / "tables"
    (tables / "customers-0.db").mkdir(parents=True)
    make_app("detect", Settings(data=tmp_path), Batching(fetch=1, size=1))
    assert not tables.exists()
