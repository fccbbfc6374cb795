"""Queries of the plugin `grafana-clickhouse-datasource`, for which the SDK has no type."""

from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog import variants as cogvariants
from grafana_foundation_sdk.models.dashboard import AnnotationTarget, DataSourceRef

PLUGIN = "grafana-clickhouse-datasource"
PLUGIN_VERSION = "4.23.5"
"""The version that deploy/grafana/Dockerfile installs."""
SOURCE = DataSourceRef(type_val=PLUGIN, uid="nabiz-clickhouse")

TIME_SERIES, TABLE = 0, 1
"""Result formats of the plugin: named series over time, or rows."""


def target(sql: str, answer: int, ref_id: str) -> dict[str, object]:
    """Return a query in the form that the plugin's SQL editor saves."""
    return {
        "datasource": SOURCE,
        "editorType": "sql",
        "format": answer,
        "pluginVersion": PLUGIN_VERSION,
        "queryType": "table" if answer == TABLE else "timeseries",
        "rawSql": sql,
        "refId": ref_id,
    }


class _Dataquery(cogvariants.Dataquery):
    def __init__(self, content: dict[str, object]) -> None:
        self._content = content

    def to_json(self) -> dict[str, object]:
        return self._content


class _AnnotationTarget(AnnotationTarget):
    def __init__(self, content: dict[str, object]) -> None:
        super().__init__()
        self._content = content

    def to_json(self) -> dict[str, object]:
        return self._content


class Query(cogbuilder.Builder[cogvariants.Dataquery]):
    """Builds the query of a panel."""

    def __init__(self, sql: str, answer: int) -> None:
        self._query = _Dataquery(target(sql, answer, "A"))

    def build(self) -> cogvariants.Dataquery:
        """Return the query."""
        return self._query


class AnnotationQuery(cogbuilder.Builder[AnnotationTarget]):
    """Builds the query of an annotation, with the columns time, timeEnd and text."""

    def __init__(self, sql: str) -> None:
        self._target = _AnnotationTarget(target(sql, TABLE, "annotation"))

    def build(self) -> AnnotationTarget:
        """Return the query."""
        return self._target
