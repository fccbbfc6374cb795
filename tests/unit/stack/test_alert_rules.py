"""The rules of Prometheus name metrics and labels that exist, and a section of the runbook each."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from pipeline.common import metrics
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import INPUTS
from pipeline.model.dead_letter import Reason

FOLDER = ROOT / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
CASES: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / "tests" / "prometheus" / "rules.test.yml").read_text()
)["tests"]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
OF_PROMETHEUS = {"job", "instance"}
OF_THE_SCRAPE_CONFIG = {"role"}


def series() -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the name and the labels of each series that Nabız gives."""
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            labels = frozenset(metric._labelnames)
            (family,) = metric.describe()
            if family.type == "histogram":
                yield f"{family.name}_bucket", labels | {"le"}
                yield f"{family.name}_sum", labels
                yield f"{family.name}_count", labels
            else:
                yield family.name + ("_total" if family.type == "counter" else ""), labels


SERIES: Mapping[str, frozenset[str]] = dict(series())


def metrics_in(text: str) -> set[str]:
    return set(re.findall(r"\bnabiz_\w+", text))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert metrics_in(rule["expr"]) <= SERIES.keys()
    foreign = set(re.findall(r"\b(?:up|ClickHouse\w+)\b", rule["expr"]))
    assert metrics_in(rule["expr"]) | foreign


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_is_wrong_how_bad_it_is_and_where_to_read_on(
    rule: dict[str, Any],
) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["for"]
    said = rule["annotations"]
    assert said["summary"]
    assert said["description"].endswith(".")
    assert said["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_the_runbook_has_one_section_a_rule() -> None:
    sections = re.findall(r"^## (Nabiz\w+)$", RUNBOOK, flags=re.MULTILINE)
    assert sections == [rule["alert"] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_rule_is_seen_to_ring(rule: dict[str, Any]) -> None:
    asked = [one for case in CASES for one in case["alert_rule_test"]]
    assert any(one.get("exp_alerts") for one in asked if one["alertname"] == rule["alert"])


OF_ALL = ("up", "process_start_time_seconds")
"""What Prometheus and its client give of every process."""


def test_the_series_of_the_rules_tests_are_those_that_nabiz_gives() -> None:
    given = [one["series"] for case in CASES for one in case["input_series"]]
    for one in given:
        name, _, rest = one.partition("{")
        labels = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if name not in SERIES:
            assert name in OF_ALL or name.startswith("ClickHouseAsyncMetrics_")
            continue
        assert set(labels) - OF_PROMETHEUS - OF_THE_SCRAPE_CONFIG <= SERIES[name], one
        assert labels.get("role", "api") in {*INPUTS, "api"}
        assert labels.get("reason", Reason.NOT_JSON) in {*Reason}


def test_the_dashboards_ask_for_metrics_that_exist() -> None:
    queries = [
        str(query)
        for path in (ROOT / "grafana").rglob("*.json")
        for query in values_of(json.loads(path.read_text(encoding="utf-8")), "expr")
    ]
    assert {name for query in queries for name in metrics_in(query)} <= SERIES.keys()


def values_of(tree: Any, key: str) -> Iterator[Any]:
    """Yield what stands under a key anywhere in a tree."""
    if isinstance(tree, dict):
        if key in tree:
            yield tree[key]
        for one in tree.values():
            yield from values_of(one, key)
    elif isinstance(tree, list):
        for one in tree:
            yield from values_of(one, key)
