"""Opens the engine that the settings name."""

from pipeline.settings import EngineSettings
from pipeline.text.engine import Engine
from pipeline.text.reader import load_engine


def open_engine(settings: EngineSettings) -> Engine:
    """Return the engine. Raises EngineError if its model or its packages are missing."""
    return load_engine(settings.name, hf_model=settings.model or None, hf_labels=settings.labels)
