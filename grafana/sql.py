"""The SQL of panels: `queries/NAME.sql`, filled in from `queries/parts/` and the texts."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from grafana.texts import Language, word
from pipeline.common.names import NAMES
from pipeline.config.settings import load_settings
from pipeline.model.contact import Pauses
from pipeline.store.sql import shared_parts
from pipeline.text.topics import TAXONOMY

Given = str | int | float

FEWEST_PEOPLE = 5
"""A group of fewer people is not shown."""

# `${name:format}` is a variable of Grafana, and not meant.
_PLACE = re.compile(r"(?<!\$)\{([\w.]+)\}")
_NAMED = frozenset(
    f"{kind}_{form}" for kind in ("topic", "channel", "touchpoint") for form in ("names", "titles")
)
_COMMENT = re.compile(r"^\s*--.*\n", flags=re.MULTILINE)


def query(name: str, language: Language, given: Mapping[str, Given]) -> str:
    """Return a statement in which only what the plug-in expands is left.

    `{name}` in it is what was `given`, else the part `parts/NAME.sql`; `{word.NAME}` is a word of
    the texts, `{language}` its code. Raises KeyError or FileNotFoundError for what is not there.
    """
    return _filled(_read(f"{name}.sql"), language, given).strip()


def pause_us(pauses: Pauses) -> str:
    """Return the SQL of how long the pause of a `channel` is, in microseconds."""
    if not pauses.by_channel:
        return str(pauses.usual)
    names, spans = zip(*sorted(pauses.by_channel.items()), strict=True)
    listed = ", ".join(map(_literal, names)), ", ".join(map(str, spans))
    return f"transform(channel, [{listed[0]}], [{listed[1]}], toUInt64({pauses.usual}))"


def _filled(text: str, language: Language, given: Mapping[str, Given]) -> str:
    def fill(place: re.Match[str]) -> str:
        name = place[1]
        if name.startswith("word."):
            return _literal(word(name.removeprefix("word."), language))[1:-1]
        if name in given:
            return _filled(str(given[name]), language, given)
        if name == "language":
            return language
        if name in _NAMED:
            return _named(name, language)
        return _filled(_part(name), language, given)

    return _PLACE.sub(fill, text)


def _named(which: str, language: Language) -> str:
    """Return an array of what has a title of its own, as it is stored or as it is shown."""
    kind, _, form = which.partition("_")
    if kind == "topic":
        titles = {name: one.title.text(language) for name, one in TAXONOMY.topics.items()}
    else:
        titles = {name: said[language] for name, said in NAMES[kind].items()}
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

    Pauses are those of the settings, as for detection and the KPIs.
    """
    return {
        **{name: sql.strip() for name, sql in shared_parts().items()},
        "pause_us": pause_us(load_settings().detect.pauses),
        "fewest": str(FEWEST_PEOPLE),
    }


@cache
def _read(path: str) -> str:
    return _COMMENT.sub("", (files(__package__) / "queries" / path).read_text("utf-8"))
