"""What dashboards say in each language (`texts.yaml`, `panels.yaml`); targets (`targets.yaml`)."""

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

Language = Literal["en", "tr"]
LANGUAGES: tuple[Language, ...] = ("en", "tr")


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in both languages."""

    en: str
    tr: str

    def text(self, language: Language) -> str:
        """Return it in one of them."""
        return self.en if language == "en" else self.tr


class PanelText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a panel or a dashboard is called, and what it means; `unit` is an id of Grafana's."""

    title: Said
    description: Said
    unit: str = "short"


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`texts.yaml`."""

    dashboards: dict[str, PanelText]
    rows: dict[str, Said]
    variables: dict[str, Said]
    words: dict[str, Said]


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a KPI should reach, in its unit."""

    target: float
    better: Literal["higher", "lower"]


@cache
def texts() -> Texts:
    """Return all texts."""
    return msgspec.yaml.decode(_data("texts.yaml"), type=Texts)


@cache
def panels() -> dict[str, PanelText]:
    """Return the texts of panels by name."""
    return msgspec.yaml.decode(_data("panels.yaml"), type=dict[str, PanelText])


@cache
def targets() -> dict[str, Target]:
    """Return the targets by KPI."""
    return msgspec.yaml.decode(_data("targets.yaml"), type=dict[str, Target])


def word(name: str, language: Language) -> str:
    """Return a word of a query or a heading. Raises KeyError for an unknown one."""
    return texts().words[name].text(language)


def _data(name: str) -> bytes:
    return (files(__package__) / name).read_bytes()
