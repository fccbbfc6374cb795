"""What `nabiz doctor` and `nabiz config --check` say of the files of the desk."""

from pathlib import Path

import pytest

from pipeline.cli import doctor, parts
from pipeline.config.groups import ROOT
from pipeline.config.settings import load_settings


@pytest.mark.parametrize(
    ("check", "variable"),
    [
        ("calendar", "NABIZ_CALENDAR_FILE"),
        ("SLA", "NABIZ_FOLLOWUP_SLA"),
        ("board", "NABIZ_BOARD_FILE"),
        ("uncounted", "NABIZ_UNCOUNTED_FILE"),
    ],
)
def test_a_wrong_file_of_the_desk_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: str, variable: str
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("colour: red")
    monkeypatch.setenv(variable, str(wrong))
    [found] = doctor._look({check: parts.this_machine(load_settings())[check]})
    assert (found.check, found.state) == (check, "problem")
    assert str(wrong) in found.found


@pytest.mark.parametrize(
    ("check", "variable"), [("board", "NABIZ_BOARD_FILE"), ("notify", "NABIZ_NOTIFY_ROUTES")]
)
def test_a_time_zone_beside_the_calendar_s_is_deprecated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: str, variable: str
) -> None:
    [as_shipped] = doctor._look({check: parts.this_machine(load_settings())[check]})
    assert as_shipped.state == "ok"
    shipped = {"board": "board.yaml", "notify": "routes.yaml"}[check]
    text = (ROOT / "desk" / shipped).read_text(encoding="utf-8")
    (tmp_path / shipped).write_text(f"time_zone: Asia/Tokyo\n{text}", encoding="utf-8")
    monkeypatch.setenv(variable, str(tmp_path / shipped))
    *_, found = doctor._look({check: parts.this_machine(load_settings())[check]})
    assert found.state == "warning"
    assert f"{shipped}: `time_zone` holds for this file, but is deprecated" in found.found
