"""Lays out dashboards; a panel's name selects its SQL, texts and target."""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog import variants as cogvariants
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models

from grafana import looks
from grafana.clickhouse import SOURCE, TABLE, TIME_SERIES, AnnotationQuery, Query
from grafana.sql import Given, query, time_zone
from grafana.texts import panels, texts, word
from pipeline.common.languages import Language
from pipeline.kpi.definitions import KPIS

FILTERS = ("brand", "channel", "touchpoint", "segment")
ENOUGH = (20, 5, 10, 30, 50, 100)
"""Choices of the fewest answers for a number to be shown; the first is the default."""

POINTS = 48
"""Intervals of a trend; over 24 hours, each is half an hour."""

MINIMUM_INTERVAL = "1m"
"""Shortest interval, since KPIs are stored by minute."""


class Page:
    """Lays out a dashboard in one language; `width` is in columns, of 24."""

    def __init__(self, name: str, language: Language, since: str = "now-24h") -> None:
        text = texts().dashboards[name]
        self.language = language
        self.uid = f"nabiz-{name}-{language}"
        self.numbers: list[str] = []
        self._panels = 0
        self.board = (
            dashboard.Dashboard(text.title.text(language))
            .uid(self.uid)
            .description(text.description.text(language))
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
        """Return a word in the language of the page."""
        return word(name, self.language)

    def sql(self, name: str, **values: Given) -> str:
        """Return a query in the language of the page."""
        return query(name, self.language, values)

    def row(self, name: str) -> None:
        """Start a section of the page."""
        self._panels += 1
        title = texts().rows[name].text(self.language)
        self.board.with_row(dashboard.Row(title).id(self._panels))

    def filters(self) -> None:
        """Add the filters: brand, channel and others, and the fewest answers."""
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
        """Add a variable with free text."""
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
        """Annotate every trend with outages."""
        self.board.annotation(
            dashboard.AnnotationQuery()
            .name(self.word("incidents"))
            .datasource(SOURCE)
            .enable(True)
            .icon_color("purple")
            .target(AnnotationQuery(self.sql("incidents")))
        )

    def number(self, name: str, width: int = 3, digits: int = 0) -> None:
        """Show a KPI as a number with interval, n and target, coloured by interval and target.

        Raises ValueError for a KPI without a target.
        """
        self.numbers.append(name)
        rounded = name in KPIS and KPIS[name].rounded
        values: dict[str, Given] = {"shown": "{rounded}" if rounded else "value", "digits": digits}
        if goal := panels()[name].target:
            values |= {"target": f"{goal.value:g}", "sign": 1 if goal.better == "higher" else -1}
        elif name in KPIS:
            raise ValueError(f"{name} has no target in kpis.yaml to colour its number by")
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
        self.add(panel, name, width, 5, Query(self.sql(name, **values), TABLE))

    def trend(self, name: str, width: int = 12) -> None:
        """Show a KPI over time, with its interval as a band and the current value as a dot."""
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
        """Show several series over time: the columns `named`, else one per value of `series`.

        The current interval is a dot, or a series of its own.
        """
        panel = self._over_time()
        unfinished = self.word("unfinished")
        if named:
            columns = {column: {"displayName": self.word(column)} for column in named}
            dot = {"displayName": unfinished, **looks.DOT}
            looks.override(panel, {**columns, "unfinished": dot})
        else:
            panel.display_name("${__field.labels.series}")
            # Grafana matches the field's name from before the override above.
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
        **values: Given,
    ) -> None:
        """Show a table; `columns` are the looks of its columns, `of` is another query's name."""
        panel = table.Panel().no_value("·").cell_height(kinds.TableCellHeight.SM)
        looks.override(
            panel,
            {
                column: {"displayName": self.word(column.removesuffix("_shown")), **look}
                for column, look in columns.items()
            },
        )
        self.add(panel, name, width, height, Query(self.sql(of or name, **values), TABLE))

    def matrix(
        self, name: str, width: int = 12, height: int = 9, *, of: str = "", **values: Given
    ) -> None:
        """Show a heat map of a balance (-100 to 100) over two dimensions."""
        panel = (
            table.Panel()
            .no_value("·")
            .cell_height(kinds.TableCellHeight.SM)
            .with_transformation(looks.to_matrix())
            .override_by_field_type("number", looks.properties(looks.BALANCE))
        )
        self.add(panel, name, width, height, Query(self.sql(of or name, **values), TABLE))

    def add(
        self,
        panel: looks.Panel,
        name: str,
        width: int,
        height: int,
        *targets: cogbuilder.Builder[cogvariants.Dataquery],
        source: models.DataSourceRef = SOURCE,
    ) -> None:
        """Add a panel at the next position, with its texts."""
        text = panels()[name]
        self._panels += 1
        panel.id(self._panels).span(width).height(height).unit(text.unit).datasource(source)
        panel.title(text.title.text(self.language))
        panel.description(text.description.text(self.language))
        for target in targets:
            panel.with_target(target)
        self.board.with_panel(panel)
