"""What the command `nabiz` says where something answers, or lies, that it cannot use."""

from pathlib import Path

import httpx
import pytest

from pipeline.cli import doctor
from pipeline.cli.checkup import Finding
from pipeline.cli.target import ADDRESSES
from tests.support.command_runs import Nabiz


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what `nabiz up` writes be as in a folder of another user."""
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == ADDRESSES:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("kpis", b'{"hello": "world"}'),
        ("kpis", b"{"),
        ("kpis", b'"\xff"'),
        ("kpis --json", b'["hello"]'),
        ("alerts", b'["hello"]'),
        ("customer c1", b'{"hello": "world"}'),
        ("status", b"[]"),
        ("dead-letters", b'["hello"]'),
        ("dead-letters retry", b'{"hello": "world"}'),
        ("cases", b'["hello"]'),
        ("follow-ups", b'["hello"]'),
        ("act a1 acknowledge", b'{"hello": "world"}'),
        ("audit", b'["hello"]'),
    ],
)
def test_json_of_something_else_is_a_sentence(
    nabiz: Nabiz, monkeypatch: pytest.MonkeyPatch, command: str, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = httpx.Response(200, headers=headers, content=body)
    monkeypatch.setattr(httpx, "request", lambda *_, **__: answer)
    told = "nabiz: what answers at http://127.0.0.1:8089 is not Nabız (NABIZ_API_URL)\n"
    assert nabiz(*command.split()) == (2, "", told)


@pytest.mark.usefixtures("forbidden")
@pytest.mark.parametrize("arguments", [[], ["--data", "theirs"]])
def test_a_folder_of_another_user_is_a_mistake(nabiz: Nabiz, arguments: list[str]) -> None:
    code, out, err = nabiz("status", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("nabiz: this user may not see whether Nabız runs on ")
    assert "--data" in err


@pytest.mark.usefixtures("forbidden")
def test_the_doctor_looks_at_the_rest_where_the_folder_is_of_another_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rest = Finding("data folder", "ok", "nabiz-data")
    monkeypatch.setattr(
        doctor,
        "this_machine",
        lambda settings: {
            "data folder": lambda: iter([Finding("data folder", "ok", settings.data.name)])
        },
    )
    theirs, *others = doctor.examine(None)
    assert theirs.state == "problem"
    assert theirs.found.startswith("this user may not see")
    assert others == [rest]
