"""A KPI of counts that exist is a row of the list, and a line of a page for a panel of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config.groups import ROOT

LIST, PAGE = Path("pipeline/kpi/kpis.yaml"), Path("grafana/pages/now.py")
ROW = """
passive_share:
  title: {en: Passives, tr: Pasifler}
  says: {en: "Answers 7–8 of all answers on 0–10, in percent.", tr: "Yanıtların yüzde kaçı 7–8."}
  unit: percent
  formula: {share: [passives, nps_answers]}
  shown_on: [board, live, line]
  target: {value: 30, better: lower, alert_hours: 12}
"""
SHOWN = """
from pipeline.board.charts.multiples import SHOWN
from pipeline.cli.live import LINE_KPIS, SHOWN_KPIS
from pipeline.kpi.definitions import KPIS
from pipeline.store.sql import answers

assert all("passive_share" in shown for shown in (SHOWN, SHOWN_KPIS, LINE_KPIS))
assert KPIS["passive_share"] in answers()
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code and the page of KPIs."""
    for folder in ("pipeline", "grafana", "desk"):
        leave_out = shutil.ignore_patterns("__pycache__", "*.onnx", "*.npz")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=leave_out)
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "kpis.md", tmp_path / "docs")
    return tmp_path


def run(checkout: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=checkout, check=True, timeout=60)


def test_a_kpi_is_added_in_two_files(checkout: Path) -> None:
    with (checkout / LIST).open("a", encoding="utf-8") as rows:
        rows.write(ROW)
    page = checkout / PAGE
    text = page.read_text("utf-8")
    page.write_text(
        text.replace(
            'page.number("csat")', 'page.number("csat", 2)\n    page.number("passive_share", 1)', 1
        ),
        "utf-8",
    )
    run(checkout, "-c", SHOWN)
    run(checkout, "-m", "pipeline.kpi.page")
    run(checkout, "-m", "grafana")
    assert "| `passive_share` | percent | Answers 7–8" in (checkout / "docs/kpis.md").read_text(
        "utf-8"
    )
    for language, title in (("en", "Passives"), ("tr", "Pasifler")):
        dashboard = (checkout / f"grafana/dashboards/{language}/now.json").read_text("utf-8")
        assert f'"title": "{title}"' in dashboard
    rules = (checkout / "grafana/provisioning/alerting/rules.json").read_text("utf-8")
    assert '"uid": "nabiz-passive-share"' in rules
