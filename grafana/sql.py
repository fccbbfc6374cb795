"""The SQL of panels: `queries/NAME.sql`, filled in from `queries/parts/` and the texts."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from grafana.texts import Language, word
from pipeline.calendar.calendar_file import load_time_zone
from pipeline.common.names import NAMES, folded
from pipeline.config.settings import load_settings
from pipeline.kpi import formulas
from pipeline.kpi.definitions import KPIS, Definition
from pipeline.kpi.formulas import Ends, Number, Spread, Sql
from pipeline.model.contact import Pauses
from pipeline.model.event_types import EventType
from pipeline.store import sql
from pipeline.store.sql import answers, count_expressions, shared_parts
from pipeline.text.topics import TAXONOMY

Given = str | int | float

FEWEST_PEOPLE = 5
"""A group of fewer people is not shown."""

# `${name:format}` is a variable of Grafana, and not meant.
_PLACE = re.compile(r"(?<!\$)\{([\w.]+)\}")
_NAMED = frozenset(
    f"{kind}_{form}"
    for kind in ("event", "topic", "channel", "touchpoint")
    for form in ("names", "titles")
)
_COMMENT = re.compile(r"^\s*--.*\n", flags=re.MULTILINE)


def query(name: str, language: Language, given: Mapping[str, Given]) -> str:
    """Return a statement in which only what the plug-in expands is left.

    It is `queries/NAME.sql`; KPIs of answers, and `KPI_trend` of these, have one in common.
    `{name}` in it is what was `given`, else the part `parts/NAME.sql`; `{word.NAME}` is a word of
    the texts, `{language}` its code, `{folded.COLUMN}` a name as names are compared. Raises
    KeyError or FileNotFoundError for what is not there.
    """
    definition = KPIS.get(name.removesuffix("_trend"))
    if definition and definition in answers():
        name = "of_answers_trend" if name.endswith("_trend") else "of_answers"
        given = {**_of_answers(definition), **given}
    text = _read(f"{name}.sql")
    people = "{of_people}" if "{spread}" in text else "''"
    return filled(text, language, {"people": people, **given}).strip()


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
    """Return the SQL of how long the pause of a `channel` is, in microseconds."""
    if not pauses.by_channel:
        return str(pauses.usual)
    names, spans = zip(*sorted(pauses.by_channel.items()), strict=True)
    listed = ", ".join(map(_literal, names)), ", ".join(map(str, spans))
    return f"transform(channel, [{listed[0]}], [{listed[1]}], toUInt64({pauses.usual}))"


def filled(text: str, language: Language, given: Mapping[str, Given]) -> str:
    """Return a text with what stands in braces filled in, as `query` says."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        if name.startswith("word."):
            return _literal(word(name.removeprefix("word."), language))[1:-1]
        if name in given:
            return filled(str(given[name]), language, given)
        if name == "language":
            return language
        if name.startswith("folded."):
            return sql.folded(name.removeprefix("folded."))
        if name in _NAMED:
            return _named(name, language)
        return filled(_part(name), language, given)

    return _PLACE.sub(fill, text)


def _named(which: str, language: Language) -> str:
    """Return an array of what has a title of its own, as it is stored or as it is shown."""
    kind, _, form = which.partition("_")
    if kind == "topic":
        titles = {name: one.title.text(language) for name, one in TAXONOMY.topics.items()}
    elif kind == "event":
        titles = {str(type_): type_.names[language] for type_ in EventType}
    else:
        titles = {folded(name): said[language] for name, said in NAMES[kind].items()}
    values = titles if form == "names" else titles.values()
    return "[" + ", ".join(_literal(value) for value in values) + "]"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@cache
def _part(name: str) -> str:
    return _computed()[name] if name in _computed() else _read(f"parts/{name}.sql").strip()


@cache
def _computed() -> dict[str, str]:
    """Parts that others know: the counts of a KPI minute, their columns, the types of events.

    Pauses and the time zone are those of the settings, as for detection and the KPIs.
    """
    return {
        **{name: sql.strip() for name, sql in shared_parts().items()},
        "time_zone": _literal(time_zone()),
        "pause_us": pause_us(load_settings().detect.pauses),
        "fewest": str(FEWEST_PEOPLE),
        **_estimates(),
    }


def _estimates() -> dict[str, str]:
    """Parts that form a value and its interval, by the formulas of the KPIs.

    Of k and n, of sorted xs and n, or of the answers of people (`parts/spread.sql`) and `effect`.
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
