"""The mappings in force: a folder per system, each checked against its fixtures."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline.common.encodings import utf8
from pipeline.connectors.connection import ConnectionInvalid
from pipeline.connectors.language.mapping_file import mapping_files
from pipeline.connectors.language.path import Path as DocumentPath
from pipeline.connectors.mapping import Mapping, MappingError
from pipeline.connectors.recorded import Recorded
from pipeline.connectors.trial import Expected, differences, tried
from pipeline.ingest.decode import repaired

__all__ = ["MappingBook", "MappingError", "load_mapping"]

FIXTURE_TIME = datetime(2026, 12, 31, tzinfo=UTC)
"""Time of arrival of fixtures without one."""


class Fixture(Recorded, frozen=True):
    """A recorded delivery with its expected outcome."""

    expect: Expected | None = None


def read_fixture(path: Path) -> Fixture:
    """Read a recorded delivery. Raises OSError, and ValueError of a reason where it is none.

    Half an emoji in it is U+FFFD, as in a delivery that comes.
    """
    try:
        return msgspec.json.decode(utf8(repaired(path.read_bytes())), type=Fixture)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is no recorded delivery: {error}") from None


class MappingBook:
    """Mappings by system. An invalid one is refused; its last valid version stays in force.

    `refused` has the error of each system whose current files are not in force.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mappings: dict[str, Mapping] = {}
        self._versions: dict[str, str] = {}
        self.refused: dict[str, MappingError] = {}

    @property
    def systems(self) -> list[str]:
        """The names of systems with a mapping."""
        return [*mapping_files(self._folder)]

    def mapping(self, system: str) -> Mapping:
        """Return the mapping of a system. Raises MappingError if none is in force."""
        if system not in self._mappings:
            self.reload(system)
        if system not in self._mappings:
            raise self.refused[system]
        return self._mappings[system]

    def reload(self, system: str) -> None:
        """Put the changed files of a system in force if they are valid."""
        folder = self._folder / system
        try:
            version = _version(folder)
            if version == self._versions.get(system):
                return
            self._versions[system] = version
            self._mappings[system] = load_mapping(folder)
            self.refused.pop(system, None)
        except MappingError as error:
            self.refused[system] = error
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            self.refused[system] = MappingError(folder / "mapping.yaml", 1, reason)


def load_mapping(folder: Path) -> Mapping:
    """Load a mapping and check it against its fixtures. Raises MappingError and OSError."""
    file = folder / "mapping.yaml"
    mapping = Mapping(file, file.read_bytes())
    if mapping.system != folder.name:
        raise MappingError(file, 1, f"`system` is {mapping.system}, its folder is {folder.name}")
    reached: set[DocumentPath] = set()
    outcomes = set()
    for path, fixture in _fixtures(folder):
        outcomes.add(_try(path, fixture, mapping, reached))
    if "events" not in outcomes:
        raise MappingError(file, 1, "no fixture leads to an event (fixtures/*.json)")
    for place, line in mapping.paths.items():
        if place not in reached and place.root != "connection":
            reason = f"`{place.text}` is in no fixture: give one that has it, or correct the path"
            raise MappingError(file, line, reason)
    return mapping


def _fixtures(folder: Path) -> Iterator[tuple[Path, Fixture]]:
    for path in sorted(folder.glob("fixtures/*.json")):
        try:
            fixture = read_fixture(path)
        except ValueError as error:
            raise MappingError(path, 1, str(error)) from None
        yield path, fixture


def _try(path: Path, fixture: Fixture, mapping: Mapping, reached: set[DocumentPath]) -> str:
    try:
        trial = tried(fixture, mapping, FIXTURE_TIME, reached)
    except ConnectionInvalid as error:
        raise MappingError(path, 1, f"`connection`: {error}") from None
    if problems := differences(fixture.expect or Expected(), trial):
        told = f"; {trial.detail}" if trial.detail else ""
        raise MappingError(path, 1, f"{'; '.join(problems)}{told}")
    return trial.outcome


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted((folder / "mapping.yaml", *folder.glob("fixtures/*.json"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
