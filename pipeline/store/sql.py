"""Loads the SQL of `queries/` and fills in shared parts."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from pipeline.kpi.definitions import DEFINITIONS, Definition
from pipeline.model.contact import STAFFED_CHANNELS
from pipeline.model.event import BAD, GOOD, SCALES
from pipeline.model.event_types import GROUPS, TICKET_STEPS
from pipeline.model.merged_tickets import MERGE_SIGNS
from pipeline.store.backend import Parameter

_PARTS = (
    *("tickets_of_window", "helped_themselves", "is_assisted", "staffed_visit", "only_thanks"),
    *("closed_as_merged", "repeated_answers", "occasion", "counts"),
)
"""Files that other files include; each precedes the files that it includes."""


@cache
def query(name: str) -> str:
    """Read `queries/NAME.sql` and fill in the shared parts.

    Other braces are left to the caller's `str.format`; parameters are `%(name)s`.
    """
    text = _part(name)
    for part, sql in shared_parts().items():
        text = text.replace(f"{{{part}}}", sql)
    return text


def chosen(name: str, values: Sequence[str] | None) -> dict[str, Parameter]:
    """Return the parameters `NAME` and `all_NAME` of a filter; None lets all rows pass."""
    return {f"all_{name}": int(values is None), name: tuple(values or ("",))}


@cache
def count_names() -> tuple[str, ...]:
    """Return the counts of a KPI minute: the columns of `kpi_minutes` after key and version."""
    return tuple(_expressions("counts"))


@cache
def count_expressions() -> dict[str, str]:
    """Return the SQL expression of each count over events: those of KPI minutes and of calls."""
    return _expressions("counts") | _expressions("call_counts")


@cache
def answers() -> tuple[Definition, ...]:
    """Return the KPIs that the store counts per customer, who may give several answers."""
    return tuple(
        definition
        for definition in DEFINITIONS
        if definition.votes and {*definition.counts} <= count_expressions().keys()
    )


def spread(definition: Definition) -> str:
    """Return the SQL of a KPI's `Spread`, over rows of customers with its counts."""
    *_, whole = definition.counts
    plus, *minus = (f"toInt64({name})" for name in definition.counts[:-1])
    y, m = " - ".join((plus, *minus)), f"toInt64({whole})"
    return f"countIf({m} > 0), sum(({y}) * ({y})), sum(({y}) * {m}), sum({m} * {m})"


@cache
def answer_names() -> tuple[str, ...]:
    """Return the counts that are computed per customer: those of calls and of all answers."""
    computable = count_expressions().keys()
    means = (kpi for kpi in DEFINITIONS if kpi.kind == "mean" and {*kpi.counts} <= computable)
    return tuple(dict.fromkeys(name for kpi in (*answers(), *means) for name in kpi.counts))


def _expressions(name: str) -> dict[str, str]:
    """Return the SQL of each column of `queries/NAME.sql`."""
    columns = re.findall(r"(.+?) AS (\w+)\s*(?:,|$)", _part(name), re.S)
    return {column: sql.strip() for sql, column in columns}


def _part(name: str) -> str:
    return (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")


@cache
def shared_parts() -> dict[str, str]:
    """Return the values of `{counts}`, `{names}` and the other shared parts.

    `{types.TRAIT}` lists the event types with a trait, ticket steps in their order; `{time_zone}`
    is the parameter with the zone in which days begin.
    """
    return {
        **{name: _part(name).strip() for name in _PARTS},
        "time_zone": "%(time_zone)s",
        "folded.channel": folded("channel"),
        "folded.touchpoint": folded("touchpoint"),
        "merge.marks": ", ".join(_attribute("Raw", name) for name in MERGE_SIGNS.marks),
        "merge.reasons": ", ".join(
            folded(_attribute("String", name)) for name in MERGE_SIGNS.reasons
        ),
        "merge.words": MERGE_SIGNS.words,
        "staffed_channels": _listed(sorted(STAFFED_CHANNELS)),
        **{f"types.{name}": _listed(sorted(types)) for name, types in GROUPS.items()},
        "types.ticket": _listed(TICKET_STEPS),
        "names": ", ".join(count_names()),
        "sums": ", ".join(f"sum({name})" for name in count_names()),
        "answer_counts": ",\n        ".join(
            f"{count_expressions()[name]} AS {name}" for name in answer_names()
        ),
        "answer_sums": ", ".join(f"sum({name})" for name in answer_names()),
        "spreads": ", ".join(map(spread, answers())),
        "zeros": ", ".join(f"toUInt64(0) AS {name}" for name in count_names()),
        **_scores(),
    }


def _scores() -> dict[str, str]:
    """Return `{answered.METRIC}`, an answer on the metric's scale, `{good.METRIC}`, `{bad.METRIC}`.

    The counts include them, so they come after these.
    """
    return {
        **{
            f"answered.{metric}": (
                f"metric = '{metric}' AND scale_min = {low:g} AND scale_max = {high:g}"
            )
            for metric, (low, high) in SCALES.items()
        },
        **{
            f"{end}.{metric}": f"score {band.comparison} {band.limit:g}"
            for end, bands in (("good", GOOD), ("bad", BAD))
            for metric, band in bands.items()
        },
    }


def folded(name: str) -> str:
    """Return the SQL of a folded name (`pipeline.common.names.folded`)."""
    trimmed = rf"replaceRegexpAll({name}, '^[\\s\\pZ]+|[\\s\\pZ]+$', '')"
    lowered = f"replaceAll(lowerUTF8(replaceAll({trimmed}, 'İ', 'i')), 'ı', 'i')"
    return f"replaceAll({lowered}, '\u0307', '')"


def _attribute(kind: str, name: str) -> str:
    return f"simpleJSONExtract{kind}(attributes, '{name}')"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
