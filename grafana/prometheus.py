"""Builds the Prometheus queries of `queries/health.yaml`."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="nabiz-prometheus")


class Expression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A PromQL expression, and the legend of its series."""

    expr: str
    legend: str


def queries(name: str, *, now: bool) -> Sequence[prometheus.Dataquery]:
    """Return the queries of a panel: instant if `now`, else over the time range."""
    return [_query(each, place, now) for place, each in enumerate(_expressions()[name])]


def _query(expression: Expression, place: int, now: bool) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expression.expr).legend_format(expression.legend)
    query.ref_id("ABCDEF"[place]).datasource(SOURCE)
    return query.instant() if now else query.range()


@cache
def _expressions() -> dict[str, list[Expression]]:
    text = (files(__package__) / "queries" / "health.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, list[Expression]])
