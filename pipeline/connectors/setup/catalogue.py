"""The systems that can be connected, as described by their mapping files."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pipeline.connectors.language.form import MappingForm
from pipeline.connectors.language.mapping_file import MappingError, MappingSource, mapping_files


def catalogue(folder: Path) -> dict[str, MappingForm]:
    """Return the form of each system whose mapping file can be read, by name.

    Nothing is compiled or tried: `MappingBook` says whether a mapping may be used.
    """
    return dict(_forms(mapping_files(folder)))


def has_polls(folder: Path, systems: Iterable[str]) -> bool:
    """Return whether any of the systems is polled, since it does not send by itself."""
    files = mapping_files(folder)
    forms = _forms({system: files[system] for system in systems if system in files})
    return any(form.polls or form.mailboxes for _, form in forms)


def _forms(files: Mapping[str, Path]) -> Iterator[tuple[str, MappingForm]]:
    for system, file in files.items():
        try:
            yield system, _form(file, file.stat().st_mtime_ns)
        except (MappingError, OSError):
            continue  # `nabiz connectors check` says why


@lru_cache(maxsize=512)
def _form(file: Path, _changed_at: int) -> MappingForm:
    return MappingSource(file, file.read_bytes()).form
