"""The SQL of `queries/`, and the parts that several of its files share."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from pipeline.kpi.definitions import DEFINITIONS, Definition
from pipeline.model.contact import STAFFED_CHANNELS
from pipeline.model.event_types import GROUPS, TICKET_STEPS

_PARTS = (
    *("tickets_of_window", "helped_themselves", "is_assisted", "only_thanks", "closed_as_merged"),
    *("repeated_answers", "occasion", "counts"),
)
"""Files that others name; one comes before those that it names."""


@cache
def query(name: str) -> str:
    """Read `queries/NAME.sql` and fill in the shared parts.

    What else stands in braces is left to `str.format` of the caller; parameters are `%(name)s`.
    """
    text = _part(name)
    for part, sql in shared_parts().items():
        text = text.replace(f"{{{part}}}", sql)
    return text


@cache
def count_names() -> tuple[str, ...]:
    """Return the counts of a KPI minute: the columns of `kpi_minutes` after its key and version."""
    return tuple(re.findall(r" AS (\w+)", _part("counts")))


@cache
def count_expressions() -> dict[str, str]:
    """Return how each count is formed of events: those of a KPI minute, and those of calls."""
    parts = ",".join((_part("counts"), _part("call_counts")))
    return {name: sql.strip() for sql, name in re.findall(r"(.+?) AS (\w+)\s*(?:,|$)", parts, re.S)}


@cache
def answers() -> tuple[Definition, ...]:
    """Return the KPIs of answers of which a customer may give several, as the store counts them."""
    return tuple(
        definition
        for definition in DEFINITIONS
        if definition.votes and {*definition.counts} <= count_expressions().keys()
    )


def spread(definition: Definition) -> str:
    """Return the SQL of its `Spread`, over rows of customers that have its counts."""
    *_, whole = definition.counts
    plus, *minus = (f"toInt64({name})" for name in definition.counts[:-1])
    y, m = " - ".join((plus, *minus)), f"toInt64({whole})"
    return f"countIf({m} > 0), sum(({y}) * ({y})), sum(({y}) * {m}), sum({m} * {m})"


@cache
def answer_names() -> tuple[str, ...]:
    """Return the counts that are formed customer by customer: those of calls and of all answers."""
    known = count_expressions().keys()
    of_means = (one for one in DEFINITIONS if one.kind == "mean" and {*one.counts} <= known)
    asked = (*answers(), *of_means)
    return tuple(dict.fromkeys(name for definition in asked for name in definition.counts))


def _part(name: str) -> str:
    return (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")


@cache
def shared_parts() -> dict[str, str]:
    """Return what `{counts}`, `{names}` and their like stand for.

    `{types.TRAIT}` are the event types with this trait, listed; steps of a ticket in their order.
    """
    return {
        **{name: _part(name).strip() for name in _PARTS},
        "folded.channel": folded("channel"),
        "folded.touchpoint": folded("touchpoint"),
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
    }


def folded(name: str) -> str:
    """Return the SQL of a name as names are compared (`pipeline.common.names.folded`)."""
    trimmed = rf"replaceRegexpAll({name}, '^[\\s\\pZ]+|[\\s\\pZ]+$', '')"
    lowered = f"replaceAll(lowerUTF8(replaceAll({trimmed}, 'İ', 'i')), 'ı', 'i')"
    return f"replaceAll({lowered}, '\u0307', '')"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
