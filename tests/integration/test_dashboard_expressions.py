"""What the dashboard of the pipeline asks Prometheus is PromQL, of metrics that exist."""

import re
import subprocess
from pathlib import Path

import yaml

from tests.support.dashboards import dashboards, panels
from tests.support.servers_stack import program


def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    asked = [
        target["expr"].replace("$__rate_interval", "1m")
        for board in dashboards().values()
        for panel in panels(board)
        for target in panel["targets"]
        if "expr" in target
    ]
    assert len(asked) > 20
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(asked)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = subprocess.run(
        [program("promtool"), "check", "rules", str(file)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr + checked.stdout


def test_foreign_metrics_are_those_that_rules_rely_on_too() -> None:
    rules = (Path(__file__).parents[2] / "deploy" / "prometheus" / "rules.yml").read_text()
    asked = " ".join(
        target.get("expr", "")
        for board in dashboards().values()
        for panel in panels(board)
        for target in panel["targets"]
    )
    foreign = set(re.findall(r"\bClickHouse\w+", asked))
    assert foreign
    assert all(name in rules for name in foreign)
