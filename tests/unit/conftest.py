import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import disable_socket, enable_socket

from pipeline.cli.main import main
from pipeline.notify.routes import RoutingTable
from tests.support.command_runs import Nabiz, Ran
from tests.support.notify_cases import desk


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No network (an event loop needs its unix socket), and no setting of the developer's."""
    for name in [name for name in os.environ if name.startswith("NABIZ_")]:
        monkeypatch.delenv(name)
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> RoutingTable:
    """The routes of `tests/support/notify_cases.py`."""
    return desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def nabiz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Nabiz]:
    """Run the command in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "")  # `main` sets it

    umask = os.umask(0o022)  # `main` sets it

    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["nabiz", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfdbinary.readouterr()
        return Ran(int(end.value.code or 0), out.decode(), err.decode())

    yield run
    os.umask(umask)
