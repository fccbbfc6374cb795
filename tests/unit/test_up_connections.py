"""`nabiz up` runs the roles of connections once there is one."""

import io
from pathlib import Path
from unittest.mock import Mock

import pytest
from rich.console import Console

from pipeline.cli import machine
from pipeline.cli.machine import CONNECTED, Machine
from pipeline.cli.supervisor import Child
from pipeline.config.connectors import ConnectorsSettings
from pipeline.config.settings import Settings
from pipeline.connectors.sealing import open_seal


def test_the_first_connection_starts_the_receiver_and_what_reads_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Child, "start", lambda _: None)
    monkeypatch.setattr(Child, "tick", lambda _: None)
    monkeypatch.setattr(machine, "free_port", lambda: 20_001)
    file, output = tmp_path / "connections.yaml", io.StringIO()
    settings = Settings(data=tmp_path, connectors=ConnectorsSettings(file=file))
    nabiz = Machine(settings, tmp_path, 1, Console(file=output, width=200))
    runs = Mock(poll=Mock(return_value=None))
    nabiz._broker = Mock(bootstrap="k:1", process=runs, log=tmp_path / "kafka.log")
    file.write_text("connections: []")
    nabiz.tick()
    assert not {*CONNECTED} & {child.name for child in nabiz.children}
    file.write_text("connections: [{name: any, system: other}]")
    for _ in range(2):
        nabiz.tick()
    assert [child.name for child in nabiz.children] == ["receive", "translate"]
    assert "Other systems send to http://127.0.0.1:8087/in/NAME" in output.getvalue()
    assert open_seal(settings).name
    assert (tmp_path / "addresses.json").read_text().count("receive") == 1
