"""Opens the engine that the settings name."""

from pipeline.setting_groups import EngineSettings
from pipeline.text.engine import Engine
from pipeline.text.reader import load_engine


class EngineError(Exception):
    """The engine cannot be opened; the message says what is missing."""


def open_engine(settings: EngineSettings) -> Engine:
    """Return the engine. Raises EngineError if its model or its packages are missing."""
    try:
        return load_engine(
            settings.name, hf_model=settings.model or None, hf_labels=settings.labels
        )
    except (ImportError, OSError, ValueError) as error:
        raise EngineError(f"engine {settings.name}: {error}") from error
