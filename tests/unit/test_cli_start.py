"""What a start says: what it waits for, and what to type where a port is taken."""

import errno
import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import enable_socket
from rich.console import Console

from pipeline.cli.errors import UsageError
from pipeline.cli.machine import api_port
from pipeline.cli.steps import step
from pipeline.common.ports import cannot_listen


@pytest.fixture
def taken() -> Iterator[int]:
    enable_socket()
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("level", "command"), [("1", "NABIZ_API_PORT=0 make run"), (None, "nabiz up --port 0")]
)
def test_a_port_that_is_taken_says_what_to_type_instead(
    monkeypatch: pytest.MonkeyPatch, taken: int, level: str | None, command: str
) -> None:
    monkeypatch.delenv("MAKELEVEL", raising=False)
    if level:
        monkeypatch.setenv("MAKELEVEL", level)
    with pytest.raises(UsageError, match=f"port {taken} is in use by another program.*{command}$"):
        api_port(taken)
    assert api_port(0) != taken


def test_make_run_runs_what_the_advice_is_for() -> None:
    recipe = Path("Makefile").read_text().partition("\nrun: setup\n")[2].splitlines()[0]
    assert recipe == "\t@$(BIN)/nabiz up"


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EADDRINUSE, "where another program listens: set another NABIZ_API_PORT (0:"),
        (errno.EACCES, "set a NABIZ_API_PORT from 1024 on"),
        (errno.EADDRNOTAVAIL, "set NABIZ_API_HOST to an address of this machine"),
    ],
)
def test_why_a_server_cannot_listen_leads_to_what_to_set(number: int, advice: str) -> None:
    error = OSError(number, os.strerror(number))
    said = cannot_listen("the API", "127.0.0.1", 80, error, "NABIZ_API_PORT")
    assert said.startswith("the API cannot listen on 127.0.0.1:80")
    assert advice in said


def test_a_step_is_a_line_where_there_is_no_terminal() -> None:
    said = io.StringIO()
    with step(Console(file=said), "starting the roles") as say:
        say("waiting for record")
    assert said.getvalue() == "starting the roles …\n"


def test_a_step_says_on_a_terminal_what_is_still_waited_for() -> None:
    said = io.StringIO()
    console = Console(file=said, force_terminal=True, width=80)
    with step(console, "starting the roles") as say:
        say("waiting for record")
    assert "starting the roles: waiting for record …" in said.getvalue()
