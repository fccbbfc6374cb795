"""A library that reads texts of customers tells nobody."""

import subprocess
import sys
from pathlib import Path

from pipeline.config.groups import ROOT

READ = "from pipeline.text.strong import StrongEngine; StrongEngine.load()"


def test_onnxruntime_keeps_nothing_for_its_maker(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", READ], env=environment, check=True)
    assert [*tmp_path.rglob("*")] == []
