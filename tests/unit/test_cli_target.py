"""Where the commands look: the folder on which `nabiz up` runs, or the environment."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.cli import target
from pipeline.cli.errors import UsageError
from pipeline.cli.target import Addresses, claimed, find, running, write_addresses
from tests.support.command_runs import Nabiz

KAFKA, API = "127.0.0.1:1234", "http://127.0.0.1:5678"


UpOn = Callable[[Path], Path]


@pytest.fixture
def up_on() -> Iterator[UpOn]:
    """Make folders look as while `nabiz up` runs on them, until the test ends."""
    with ExitStack() as stack:

        def run(folder: Path) -> Path:
            folder.mkdir(exist_ok=True)
            stack.enter_context(claimed(folder))
            write_addresses(folder, Addresses(KAFKA, API, {}))
            return folder

        yield run


def test_a_running_nabiz_is_found_in_its_folder(tmp_path: Path, up_on: UpOn) -> None:
    settings = find(up_on(tmp_path / "here"))
    assert (settings.kafka.bootstrap, settings.api.url) == (KAFKA, API)
    assert settings.data == tmp_path / "here"


def test_the_folder_that_is_named_wins_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, up_on: UpOn
) -> None:
    monkeypatch.setenv("NABIZ_KAFKA_BOOTSTRAP", "other:9092")
    monkeypatch.setenv("NABIZ_API_URL", "http://other")
    settings = find(up_on(tmp_path / "here"))
    assert (settings.kafka.bootstrap, settings.api.url) == (KAFKA, API)


@pytest.mark.parametrize(
    ("variable", "value", "kafka", "api"),
    [
        ("NABIZ_KAFKA_BOOTSTRAP", "other:9092", "other:9092", ""),
        ("NABIZ_API_URL", "http://other", "127.0.0.1:9092", "http://other"),
        ("NABIZ_DATA", "elsewhere", "127.0.0.1:9092", ""),
        ("NABIZ_API_TOKEN", "secret", KAFKA, API),
    ],
)
def test_both_addresses_are_those_of_one_nabiz(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    up_on: UpOn,
    variable: str,
    value: str,
    kafka: str,
    api: str,
) -> None:
    """One that is set, or the folder where nothing is; never one of each."""
    monkeypatch.chdir(tmp_path)
    up_on(tmp_path / "nabiz-data")
    assert (find(None).kafka.bootstrap, find(None).api.url) == (KAFKA, API)
    monkeypatch.setenv(variable, value)
    settings = find(None)
    assert (settings.kafka.bootstrap, settings.api.url) == (kafka, api)


def test_addresses_of_a_process_that_died_are_not_used(tmp_path: Path) -> None:
    with claimed(tmp_path):
        write_addresses(tmp_path, Addresses(KAFKA, API, {}))
        assert running(tmp_path) == Addresses(KAFKA, API, {})
    assert running(tmp_path) is None
    with pytest.raises(UsageError, match=r"nothing runs on .*nabiz up --data"):
        find(tmp_path)


@pytest.mark.parametrize("place", ["file", "file/below", "."])
def test_a_folder_that_cannot_be_made_or_written_is_a_mistake(
    nabiz: Nabiz, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / target.LOCK).mkdir()  # cannot be opened, as all in a read-only folder
    ran = nabiz("up", "--data", place)
    assert ran.code == 2
    assert ran.err.startswith(f"nabiz: {(tmp_path / place).resolve()} cannot be the folder of all")
    assert "--data" in ran.err


def test_a_folder_has_one_nabiz(tmp_path: Path) -> None:
    with (
        claimed(tmp_path),
        pytest.raises(UsageError, match=r"runs on .* already"),
        claimed(tmp_path),
    ):
        pass


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b'{"kafka": 1'])
def test_a_file_that_holds_no_addresses_is_as_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / target.ADDRESSES).write_bytes(content)
    assert running(tmp_path) is None
    (tmp_path / "file").touch()
    assert running(tmp_path / "file") is None
