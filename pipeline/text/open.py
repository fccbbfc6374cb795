"""Opens engines by name or from the settings."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from pipeline.model.reading import Label
from pipeline.text.auto import AutoEngine
from pipeline.text.engine import Engine
from pipeline.text.fast import FastEngine
from pipeline.text.heads import Heads

if TYPE_CHECKING:  # settings take as long to import as half of the lexicons
    from pipeline.config.groups import EngineSettings

SHIPPED = ("auto", "fast", "strong")
"""Engines shipped with Nabız."""


class EngineError(Exception):
    """The engine cannot be opened; the message says what is missing."""


def open_engine(settings: "EngineSettings") -> Engine:
    """Return the engine. Raises EngineError if its model or its packages are missing."""
    try:
        return load_engine(
            settings.name, hf_model=settings.model or None, hf_labels=settings.labels
        )
    except (ImportError, OSError, ValueError) as error:
        raise EngineError(f"engine {settings.name}: {error}") from error


def load_engine(
    name: str, *, hf_model: str | None = None, hf_labels: Mapping[str, Label] | None = None
) -> Engine:
    """Return the engine called `name`; `hf` needs `hf_model`, a folder or a hub name.

    `hf_labels` maps the model's labels to ours; it may be left out where they have the same names.
    Raises ValueError for an unknown name or a wrong setting, ImportError where the extra is not
    installed.
    """
    if name in SHIPPED:
        return _shipped(name)
    if name != "hf":
        raise ValueError(f"There is no engine {name!r}: choose auto, fast, strong or hf.")
    if not hf_model:
        raise ValueError("The engine hf needs a model: a folder or a name on the Hugging Face hub.")
    from pipeline.text.hf import HuggingFaceEngine  # slow to import, and an extra

    return HuggingFaceEngine(hf_model, hf_labels)


@cache
def _shipped(name: str) -> Engine:
    """Load an engine once per process and share it."""
    if name == "fast":
        return FastEngine.load(heads=_heads())
    if name == "auto":
        return AutoEngine(_shipped("fast"), _shipped("strong"))
    from pipeline.text.strong import StrongEngine  # slow to import

    return StrongEngine.load(heads=_heads())


@cache
def _heads() -> Heads:
    return Heads.load()
