"""Builds Grafana's alert rules from `rules.yaml`, the list of KPIs and the panels' SQL.

Rules share the SQL of panels, so that a rule fires exactly where a panel is red. Grafana does not
expand variables in rules, so all filters are set to All here.
"""

from functools import cache
from importlib.resources import files

import msgspec

from grafana.clickhouse import SOURCE, TABLE, target
from grafana.plugin import choose
from grafana.sql import query
from grafana.texts import LANGUAGES, panels
from pipeline.common.titles import Titles
from pipeline.kpi.definitions import DEFINITIONS

HOUR = 3_600
_LIMIT = {
    "refId": "C",
    "datasourceUid": "__expr__",
    "model": {
        "refId": "C",
        "type": "threshold",
        "expression": "A",
        "conditions": [{"evaluator": {"type": "gt", "params": [0]}}],
    },
}


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rules.yaml`."""

    topics: int
    enough: int


@cache
def rules() -> Rules:
    """Read `rules.yaml`."""
    text = (files(__package__) / "rules.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Rules)


def misses() -> dict[str, int]:
    """Return the KPIs that ring when they miss their target, and over how many hours."""
    return {
        one.name: one.target.alert_hours
        for one in DEFINITIONS
        if one.target and one.target.alert_hours
    }


def provisioned() -> dict[str, object]:
    """Return the content of the provisioning file."""
    of_targets = [_miss(name, hours) for name, hours in misses().items()]
    group = {
        "orgId": 1,
        "name": "customer experience",
        "folder": "Nabız",
        "interval": "5m",
        "rules": [*of_targets, _topics(rules().topics)],
    }
    return {"apiVersion": 1, "groups": [group]}


def miss_sql(name: str) -> str:
    """Return SQL of one row: 1 if the whole interval of a KPI misses its target."""
    goal = panels()[name].target
    if goal is None:
        raise ValueError(f"{name} has no target that it could miss")
    missed = {"higher": f"high < {goal.value:g}", "lower": f"low > {goal.value:g}"}[goal.better]
    headline = f"toUInt8(n >= ${{enough}} AND {missed}) AS missed"
    return _for_all(query(name, "en", {"headline": headline}))


def topics_sql() -> str:
    """Return SQL with a row per growing topic: its name, and its growth in texts per 100."""
    growing = query("topics_growing", "en", {"window": "{window_and_before}"})
    return _for_all(f"SELECT topic_shown AS topic, change FROM ({growing}) WHERE change_low > 0")


def _for_all(sql: str) -> str:
    filters = dict.fromkeys(("brand", "channel", "touchpoint", "segment", "language"), ())
    return choose(sql, {**filters, "enough": (str(rules().enough),)})


def _miss(name: str, hours: int) -> dict[str, object]:
    title = panels()[name].title
    summary = Titles(
        en=f"{title.en} has surely missed its target in the last {hours} hours",
        tr=f"{title.tr} son {hours} saatte hedefini kesin olarak tutturamadı",
    )
    return _rule(f"nabiz-{name.replace('_', '-')}", title.en, summary, hours, miss_sql(name))


def _topics(hours: int) -> dict[str, object]:
    summary = Titles(
        en="More and more texts complain of: {{ $labels.topic }}",
        tr="Giderek daha çok metin bundan yakınıyor: {{ $labels.topic }}",
    )
    return _rule("nabiz-topic-grows", "A topic grows", summary, hours, topics_sql())


def _rule(uid: str, title: str, summary: Titles, hours: int, sql: str) -> dict[str, object]:
    request = {
        "refId": "A",
        "datasourceUid": SOURCE.uid,
        "relativeTimeRange": {"from": hours * HOUR, "to": 0},
        "model": target(sql, TABLE, "A"),
    }
    return {
        "uid": uid,
        "title": title,
        "condition": "C",
        "data": [request, _LIMIT],
        "for": "15m",
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": {"severity": "warning", "source": "grafana"},
        "annotations": {f"summary_{language}": summary.text(language) for language in LANGUAGES}
        | {"summary": summary.en},
    }
