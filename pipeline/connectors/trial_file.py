"""Tries files of recorded deliveries, with any content, for authors of mappings."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline.connectors.connection import ConnectionInvalid
from pipeline.connectors.language.mapping_file import mapping_files
from pipeline.connectors.mapping import Mapping, MappingError
from pipeline.connectors.setup.book import Fixture, read_fixture
from pipeline.connectors.trial import Trial, differences, tried


class FileTrial(msgspec.Struct, frozen=True):
    """The outcome of the delivery in a file: the fields of a `Trial`.

    `outcome` is `unreadable` if the file holds no delivery, and `detail` says why. `problems` are
    the differences from the file's expectations.
    """

    file: str
    outcome: str
    status: int | None = None
    reason: str | None = None
    detail: str | None = None
    answer: dict[str, Any] | None = None
    events: tuple[dict[str, Any], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether the delivery could be tried, and everything is as expected."""
        return self.outcome != "unreadable" and not self.problems


class Bench:
    """Tries files on the mappings in a folder, whether or not these match their fixtures."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mappings: dict[str, Mapping | str] = {}

    def tried(self, path: Path, now: datetime) -> FileTrial:
        """Try the delivery in a file; raises nothing, whatever is in it.

        Without a recorded time it arrived `now`.
        """
        try:
            recorded = read_fixture(path)
        except OSError as error:
            return _unreadable(path, f"cannot be read ({error.strerror})")
        except ValueError as error:
            return _unreadable(path, str(error))
        trial = self._trial(recorded, now)
        problems = differences(recorded.expect, trial) if recorded.expect else []
        told = {name: getattr(trial, name) for name in FileTrial.__struct_fields__[1:-1]}
        return FileTrial(str(path), **told, problems=tuple(problems))

    def _trial(self, recorded: Fixture, now: datetime) -> Trial:
        mapping = self._mapping(recorded.system)
        if isinstance(mapping, str):
            return Trial("refuse", None, "no_mapping", mapping)
        try:
            return tried(recorded, mapping, now)
        except ConnectionInvalid as error:
            return Trial("refuse", None, "invalid_connection", f"`connection`: {error}")
        except Exception as error:  # the other files are tried all the same
            return Trial("refuse", None, "fault", f"an error in Nabız, please report it: {error!r}")

    def _mapping(self, system: str) -> Mapping | str:
        """Return the mapping of a system, or the reason why there is none."""
        if system not in self._mappings:
            self._mappings[system] = self._compiled(system)
        return self._mappings[system]

    def _compiled(self, system: str) -> Mapping | str:
        known = mapping_files(self._folder)
        if system not in known:
            return f"there is no system `{system}`; {self._folder} has {', '.join(known)}"
        try:
            return Mapping(known[system], known[system].read_bytes())
        except MappingError as error:
            return str(error)
        except OSError as error:
            return f"{known[system]} cannot be read ({error.strerror})"


def _unreadable(path: Path, why: str) -> FileTrial:
    return FileTrial(str(path), "unreadable", detail=why)
