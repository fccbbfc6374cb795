"""Queries of the plug-in `grafana-clickhouse-datasource`, of which the SDK has no type."""

from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog import variants as cogvariants
from grafana_foundation_sdk.models.dashboard import AnnotationTarget, DataSourceRef

PLUGIN = "grafana-clickhouse-datasource"
PLUGIN_VERSION = "4.23.5"
"""As deploy/grafana/Dockerfile installs it."""
SOURCE = DataSourceRef(type_val=PLUGIN, uid="nabiz-clickhouse")

TIME_SERIES, TABLE = 0, 1
"""How the plug-in gives the answer: named series over time, or rows."""


def target(sql: str, answer: int, ref_id: str) -> dict[str, object]:
    """Return a statement, as the plug-in's SQL editor saves it."""
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
    """The query of a panel."""

    def __init__(self, sql: str, answer: int) -> None:
        self._query = _Dataquery(target(sql, answer, "A"))

    def build(self) -> cogvariants.Dataquery:
        """Return it."""
        return self._query


class AnnotationQuery(cogbuilder.Builder[AnnotationTarget]):
    """The query of an annotation; its columns are time, timeEnd, text."""

    def __init__(self, sql: str) -> None:
        self._target = _AnnotationTarget(target(sql, TABLE, "annotation"))

    def build(self) -> AnnotationTarget:
        """Return it."""
        return self._target
