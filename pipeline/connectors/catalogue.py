"""The systems that can be connected, as their mapping files describe them."""

from functools import lru_cache
from pathlib import Path

from pipeline.connectors.compiler import MappingError, MappingSource, mapping_files
from pipeline.connectors.form import MappingForm


def catalogue(folder: Path) -> dict[str, MappingForm]:
    """Return the form of each system whose mapping file can be read, by name.

    Nothing is compiled or tried: whether a mapping may be used, `MappingBook` says.
    """
    forms = {}
    for system, file in mapping_files(folder).items():
        try:
            forms[system] = _form(file, file.stat().st_mtime_ns)
        except (MappingError, OSError):
            continue  # `nabiz connectors check` says why
    return forms


@lru_cache(maxsize=512)
def _form(file: Path, _changed_at: int) -> MappingForm:
    return MappingSource(file, file.read_bytes()).form
