"""What the tools of Prometheus and Alertmanager say of the configuration of the stack."""

import subprocess
from pathlib import Path

from pipeline.config.groups import ROOT
from tests.support.servers_stack import DEPLOY, program


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_accepts_its_configuration() -> None:
    run(program("promtool"), "check", "config", DEPLOY / "prometheus" / "prometheus.yml")


def test_the_rules_ring_when_they_should() -> None:
    run(program("promtool"), "test", "rules", ROOT / "tests" / "prometheus" / "rules.test.yml")


def test_alertmanager_accepts_its_configuration() -> None:
    run(program("amtool"), "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")
