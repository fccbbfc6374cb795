"""Reads the texts of dashboards by language (`texts.yaml`, `panels.yaml`, the list of KPIs)."""

from functools import cache
from importlib.resources import files

import msgspec

from pipeline.common.languages import Language
from pipeline.common.titles import Titles
from pipeline.kpi.definitions import KPIS, Definition, Target

LANGUAGES: tuple[Language, ...] = ("en", "tr")

_UNITS = {"points": "none", "percent": "percent", "mean": "none", "count": "none", "minutes": "m"}
"""Grafana's units by unit of KPIs."""


class PanelText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Title, description and target of a panel or a dashboard.

    `unit` is a unit id of Grafana.
    """

    title: Titles
    description: Titles
    unit: str = "short"
    target: Target | None = None


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`texts.yaml`."""

    dashboards: dict[str, PanelText]
    rows: dict[str, Titles]
    variables: dict[str, Titles]
    words: dict[str, Titles]


@cache
def texts() -> Texts:
    """Return all texts."""
    return msgspec.yaml.decode(_data("texts.yaml"), type=Texts)


@cache
def panels() -> dict[str, PanelText]:
    """Return the texts of panels by name; those of KPIs and trends come from the list of KPIs."""
    own = msgspec.yaml.decode(_data("panels.yaml"), type=dict[str, PanelText])
    of_kpis = {name: _of_kpi(definition) for name, definition in KPIS.items()}
    trends = {f"{name}_trend": _over_time(text, own["trend"]) for name, text in of_kpis.items()}
    return {**of_kpis, **trends, **own}


def _of_kpi(definition: Definition) -> PanelText:
    unit = "none" if definition.kind == "ratio" else _UNITS[definition.unit]
    return PanelText(definition.title, definition.says, unit, definition.target)


def _over_time(text: PanelText, trend: PanelText) -> PanelText:
    title = Titles(
        *(trend.title.text(language).format(text.title.text(language)) for language in ("tr", "en"))
    )
    return PanelText(title, trend.description, text.unit)


def word(name: str, language: Language) -> str:
    """Return a word of a query or heading. Raises KeyError for an unknown one."""
    return texts().words[name].text(language)


def _data(name: str) -> bytes:
    return (files(__package__) / name).read_bytes()
