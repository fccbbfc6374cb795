"""Renders the SQL of panels: `queries/NAME.sql`, with `queries/parts/` and texts filled in."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from grafana.texts import word
from pipeline.calendar.calendar_file import load_time_zone
from pipeline.common.languages import Language
from pipeline.common.names import NAMES
from pipeline.config.settings import load_settings
from pipeline.kpi import formulas
from pipeline.kpi.definitions import KPIS, Definition
from pipeline.kpi.formulas import Ends, Number, Spread, Sql
from pipeline.model.contact import IN_TICKET, Pauses
from pipeline.model.event_types import EventType
from pipeline.store import sql
from pipeline.store.sql import answers, count_expressions, shared_parts
from pipeline.text.topics import TAXONOMY

Given = str | int | float

FEWEST_PEOPLE = 5
"""Smallest group of people to show."""

# Leaves `${name:format}`, a variable of Grafana, alone.
_PLACE = re.compile(r"(?<!\$)\{([\w.]+)\}")
_NAMED = frozenset(
    f"{kind}_{form}"
    for kind in ("event", "topic", "channel", "touchpoint")
    for form in ("names", "titles")
)
_COMMENT = re.compile(r"^\s*--.*\n", flags=re.MULTILINE)


def query(name: str, language: Language, values: Mapping[str, Given]) -> str:
    """Render a query, leaving only what the plugin expands.

    The query is `queries/NAME.sql`; KPIs of answers share one, as do their trends `KPI_trend`.
    `{name}` is replaced by one of `values`, else by `parts/NAME.sql`; `{word.NAME}` by a word of
    the texts, `{language}` by its code, `{folded.COLUMN}` by a name folded for comparison. Raises
    KeyError or FileNotFoundError for an unknown name.
    """
    definition = KPIS.get(name.removesuffix("_trend"))
    if definition and definition in answers():
        name = "of_answers_trend" if name.endswith("_trend") else "of_answers"
        values = {**_of_answers(definition), **values}
    text = _read(f"{name}.sql")
    people = "{of_people}" if "{spread}" in text else "''"
    each_interval = "{bucket}, " if name.endswith("_trend") else ""
    computed = {"people": people, "each_interval": each_interval}
    return filled(text, language, {**computed, **values}).strip()


def _of_answers(definition: Definition) -> dict[str, Given]:
    *parts, whole = (count_expressions()[name] for name in definition.counts)
    plus, minus = (*parts, "0")[:2]
    return {
        "estimate": f"{{{definition.kind}_of_people}}",
        "own_answers": f"{plus} AS own_plus, {minus} AS own_minus, {whole} AS own_n",
    }


def time_zone() -> str:
    """Return the name of the zone in which days begin."""
    return load_time_zone(load_settings().calendar.file).key


def pause_us(pauses: Pauses) -> str:
    """Return the SQL of the pause of a `channel`, in microseconds."""
    if not pauses.by_channel:
        return str(pauses.usual)
    names, spans = zip(*sorted(pauses.by_channel.items()), strict=True)
    listed = ", ".join(map(_literal, names)), ", ".join(map(str, spans))
    channel = sql.folded("channel")
    return f"transform({channel}, [{listed[0]}], [{listed[1]}], toUInt64({pauses.usual}))"


def filled(text: str, language: Language, values: Mapping[str, Given]) -> str:
    """Fill in the names in braces, as `query` does."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        if name.startswith("word."):
            return _literal(word(name.removeprefix("word."), language))[1:-1]
        if name in values:
            return filled(str(values[name]), language, values)
        if name == "language":
            return language
        if name.startswith("folded."):
            return sql.folded(name.removeprefix("folded."))
        if name in _NAMED:
            return _named(name, language)
        return filled(_part(name), language, values)

    return _PLACE.sub(fill, text)


def _named(which: str, language: Language) -> str:
    """Return an array of names that have a title, as stored or as shown."""
    kind, _, form = which.partition("_")
    if kind == "topic":
        titles = {name: topic.title.text(language) for name, topic in TAXONOMY.topics.items()}
    elif kind == "event":
        titles = {str(type_): type_.names[language] for type_ in EventType}
    else:
        titles = {name: title.text(language) for name, title in NAMES[kind].items()}
    values = titles if form == "names" else titles.values()
    return "[" + ", ".join(_literal(value) for value in values) + "]"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@cache
def _part(name: str) -> str:
    return _computed()[name] if name in _computed() else _read(f"parts/{name}.sql").strip()


@cache
def _computed() -> dict[str, str]:
    """Return the parts defined in Python: counts of a KPI minute, their columns, event types.

    Pauses and time zone are those of the settings, as in detection and KPIs.
    """
    return {
        **{name: sql.strip() for name, sql in shared_parts().items()},
        "time_zone": _literal(time_zone()),
        "pause_us": pause_us(load_settings().detect.pauses),
        "in_ticket_us": str(IN_TICKET),
        "fewest": str(FEWEST_PEOPLE),
        **_estimates(),
    }


def _estimates() -> dict[str, str]:
    """Return the parts that compute a value and its interval, by the formulas of the KPIs.

    They take k and n, sorted xs and n, or the answers of people (`parts/spread.sql`) and `effect`.
    """
    k, n, plus, minus, effect = map(Sql, ("k", "n", "plus", "minus", "effect"))
    spread = Spread(*map(Sql, ("customers", "yy", "ym", "mm")))
    ends_of_median = formulas.rank_ends(Sql("toInt64(n)"), 0.5)
    of_people = formulas.balance(plus / effect, minus / effect, n / effect)
    return {
        "share": _estimate("100 * k / n", formulas.share(k, n)),
        "ratio": _estimate("100 * k / n", formulas.ratio(k, n)),
        "share_of_people": _estimate("100 * plus / n", formulas.share(plus / effect, n / effect)),
        "balance_of_people": _estimate("100 * (plus - minus) / n", of_people),
        "design_effect": str(formulas.design_effect(plus, minus, n, spread)),
        "median": _median(*ends_of_median),
        "median_ranks": _ranks(*ends_of_median),
    }


def _estimate(value: str, ends: Ends) -> str:
    return "{} AS value, {} AS low, {} AS high".format(value, *ends)


def _median(first: Number, last: Number) -> str:
    few = f"{first} < 1 OR {last} > n"
    middle = "(xs[intDiv(n + 1, 2)] + xs[intDiv(n, 2) + 1]) / 2"
    ends = (
        f"if({few}, NULL, xs[{end}]) AS {name}" for end, name in ((first, "low"), (last, "high"))
    )
    return ", ".join((f"if(n = 0, NULL, {middle}) AS value", *ends))


def _ranks(first: Number, last: Number) -> str:
    """Ranks, from 0, of the median of n waits and of the ends of its interval."""
    low, high = "greatest(1, low_rank) - 1", "least(toInt64(n), high_rank) - 1"
    return (
        f"{first} AS low_rank, {last} AS high_rank, low_rank < 1 OR high_rank > n AS are_few, "
        f"[(n - 1) / 2, toFloat64({low}), toFloat64({high})] AS ranks"
    )


@cache
def _read(path: str) -> str:
    return _COMMENT.sub("", (files(__package__) / "queries" / path).read_text("utf-8"))
