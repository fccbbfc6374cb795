"""A page of panels: each takes its SQL, its texts and its target by its name."""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog import variants as cogvariants
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models

from grafana import looks
from grafana.clickhouse import SOURCE, TABLE, TIME_SERIES, AnnotationQuery, Query
from grafana.sql import Given, query, time_zone
from grafana.texts import Language, panels, texts, word
from pipeline.kpi.definitions import KPIS

FILTERS = ("brand", "channel", "touchpoint", "segment")
ENOUGH = (20, 5, 10, 30, 50, 100)
"""How few answers a number may rest on; the first is taken unless another is chosen."""

POINTS = 48
"""Intervals of a trend: of 24 hours, each is half an hour."""

MINIMUM_INTERVAL = "1m"
"""KPI minutes are the finest that is kept."""


class Page:
    """Lays out one dashboard in one language; `width` is in columns, of which there are 24."""

    def __init__(self, name: str, language: Language, since: str = "now-24h") -> None:
        said = texts().dashboards[name]
        self.language = language
        self.uid = f"nabiz-{name}-{language}"
        self._panels = 0
        self.board = (
            dashboard.Dashboard(said.title.text(language))
            .uid(self.uid)
            .description(said.description.text(language))
            .tags(["nabiz", language])
            .readonly()
            .timezone(time_zone())
            .week_start("monday")
            .tooltip(models.DashboardCursorSync.CROSSHAIR)
            .time(since, "now")
            .refresh("1m")
            .link(
                dashboard.DashboardLink(self.word("dashboards"))
                .type(models.DashboardLinkType.DASHBOARDS)
                .tags(["nabiz", language])
                .as_dropdown(True)
                .include_vars(True)
                .keep_time(True)
            )
        )

    def word(self, name: str) -> str:
        """Return a word in the page's language."""
        return word(name, self.language)

    def sql(self, name: str, **given: Given) -> str:
        """Return a query in the page's language."""
        return query(name, self.language, given)

    def row(self, name: str) -> None:
        """Begin a part of the page."""
        self._panels += 1
        title = texts().rows[name].text(self.language)
        self.board.with_row(dashboard.Row(title).id(self._panels))

    def filters(self) -> None:
        """Let the reader choose brands, channels and so on, and how few answers are enough."""
        for name in FILTERS:
            self._choices(name, self.sql("values_of", dimension=name))
        self._choices("language", self.sql("languages"))
        first, *_ = options = [models.VariableOption(text=str(n), value=str(n)) for n in ENOUGH]
        self.board.with_variable(
            dashboard.CustomVariable("enough")
            .label(self._label("enough"))
            .values(",".join(map(str, ENOUGH)))
            .options(options)
            .current(first)
        )

    def typed(self, name: str, default: str = "") -> None:
        """Let the reader type a value."""
        self.board.with_variable(
            dashboard.TextBoxVariable(name).label(self._label(name)).default_value(default)
        )

    def _choices(self, name: str, sql: str) -> None:
        self.board.with_variable(
            dashboard.QueryVariable(name)
            .label(self._label(name))
            .datasource(SOURCE)
            .query({"queryType": "sql", "rawSql": sql, "refId": name})
            .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
            .multi(True)
            .include_all(True)
            .current(models.VariableOption(text=self.word("all"), value="$__all"))
        )

    def _label(self, name: str) -> str:
        return texts().variables[name].text(self.language)

    def incidents(self) -> None:
        """Show outages in every trend."""
        self.board.annotation(
            dashboard.AnnotationQuery()
            .name(self.word("incidents"))
            .datasource(SOURCE)
            .enable(True)
            .icon_color("purple")
            .target(AnnotationQuery(self.sql("incidents")))
        )

    def number(self, name: str, width: int = 3, digits: int = 0) -> None:
        """Show a KPI as a big number; under it its interval, n and target, coloured by both."""
        rounded = name in KPIS and KPIS[name].rounded
        given: dict[str, Given] = {"shown": "{rounded}" if rounded else "value", "digits": digits}
        if goal := panels()[name].target:
            given |= {"target": f"{goal.value:g}", "sign": 1 if goal.better == "higher" else -1}
        panel = (
            stat.Panel()
            .text_mode(kinds.BigValueTextMode.VALUE_AND_NAME)
            .color_mode(kinds.BigValueColorMode.VALUE)
            .graph_mode(kinds.BigValueGraphMode.NONE)
            .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
            .text(common.VizTextDisplayOptions().title_size(13).value_size(34))
            .decimals(digits)
            .no_value(self.word("not_enough_data"))
            .with_transformation(looks.to_one_number())
        )
        self.add(panel, name, width, 5, Query(self.sql(name, **given), TABLE))

    def trend(self, name: str, width: int = 12) -> None:
        """Show a KPI over time, its interval as a band, what is unfinished as a dot."""
        panel = self._over_time().line_width(2).legend(common.VizLegendOptions().show_legend(False))
        words = {
            "value_shown": self.word("value"),
            "low_shown": self.word("interval_low"),
            "high_shown": self.word("interval_high"),
            "unfinished": self.word("unfinished"),
        }
        looks.override(panel, looks.trend(words))
        self.add(panel, name, width, 8, Query(self.sql(name), TIME_SERIES))

    def series(
        self,
        name: str,
        width: int = 12,
        height: int = 8,
        *,
        bars: bool = False,
        named: Sequence[str] = (),
    ) -> None:
        """Show several series over time: the columns `named`, else one a value of `series`.

        What is unfinished is a dot, or a series of its own.
        """
        panel = self._over_time()
        unfinished = self.word("unfinished")
        if named:
            columns = {column: {"displayName": self.word(column)} for column in named}
            dot = {"displayName": unfinished, **looks.DOT}
            looks.override(panel, {**columns, "unfinished": dot})
        else:
            panel.display_name("${__field.labels.series}")
            # Grafana compares with the name that the field has before the line above.
            orange = looks.properties({"color": looks.fixed("orange")})
            panel.override_by_regexp(f"/{unfinished}$/", orange)
        if bars:
            panel.draw_style(kinds.GraphDrawStyle.BARS).fill_opacity(60)
            panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL))
        self.add(panel, name, width, height, Query(self.sql(name), TIME_SERIES))

    def _over_time(self) -> timeseries.Panel:
        return (
            timeseries.Panel()
            .span_nulls(False)
            .point_size(4)
            .interval(MINIMUM_INTERVAL)
            .max_data_points(POINTS)
        )

    def table(
        self,
        name: str,
        columns: Mapping[str, looks.Looks],
        width: int = 12,
        height: int = 9,
        *,
        of: str = "",
        **given: Given,
    ) -> None:
        """Show rows; `columns` says how those of the query look. `of`: a query of another name."""
        panel = table.Panel().no_value("·").cell_height(kinds.TableCellHeight.SM)
        looks.override(
            panel,
            {
                column: {"displayName": self.word(column.removesuffix("_shown")), **look}
                for column, look in columns.items()
            },
        )
        self.add(panel, name, width, height, Query(self.sql(of or name, **given), TABLE))

    def matrix(
        self, name: str, width: int = 12, height: int = 9, *, of: str = "", **given: Given
    ) -> None:
        """Show a heat map of a balance, from -100 to 100, over two dimensions."""
        panel = (
            table.Panel()
            .no_value("·")
            .cell_height(kinds.TableCellHeight.SM)
            .with_transformation(looks.to_matrix())
            .override_by_field_type("number", looks.properties(looks.BALANCE))
        )
        self.add(panel, name, width, height, Query(self.sql(of or name, **given), TABLE))

    def add(
        self,
        panel: looks.Panel,
        name: str,
        width: int,
        height: int,
        *asked: cogbuilder.Builder[cogvariants.Dataquery],
        source: models.DataSourceRef = SOURCE,
    ) -> None:
        """Put a panel at the next place, with its texts."""
        said = panels()[name]
        self._panels += 1
        panel.id(self._panels).span(width).height(height).unit(said.unit).datasource(source)
        panel.title(said.title.text(self.language))
        panel.description(said.description.text(self.language))
        for one in asked:
            panel.with_target(one)
        self.board.with_panel(panel)
