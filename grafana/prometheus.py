"""Queries of Prometheus: `queries/health.yaml`."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="nabiz-prometheus")


class Expression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An expression of PromQL, and what its series are called."""

    expr: str
    legend: str


def queries(name: str, *, now: bool) -> Sequence[prometheus.Dataquery]:
    """Return the queries of a panel: as of `now`, or over the time range."""
    return [_query(one, place, now) for place, one in enumerate(_expressions()[name])]


def _query(one: Expression, place: int, now: bool) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().expr(one.expr).legend_format(one.legend)
    asked.ref_id("ABCDEF"[place]).datasource(SOURCE)
    return asked.instant() if now else asked.range()


@cache
def _expressions() -> dict[str, list[Expression]]:
    text = (files(__package__) / "queries" / "health.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, list[Expression]])
