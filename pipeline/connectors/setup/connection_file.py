"""The file of connections: `desk/connections.yaml`, see docs/connectors/connections.md."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pipeline.common.encodings import utf8
from pipeline.common.yaml_source import SourceFileError, YamlSource
from pipeline.connectors.language.form import Form
from pipeline.connectors.setup.member_file import read_members
from pipeline.sources.source import SourceError

FILE_OF = "_file"
"""Suffix of settings whose value is in a file."""
Address = Annotated[str, Meta(pattern=r"^https?://[^\s/?#]+\S*$")]


class ConnectionsError(SourceFileError):
    """The file, or a connection in it, is invalid; `str()` is `file:line: reason`."""


class ConnectionsForm(Form, frozen=True):
    """The keys of the file.

    `public_url` is the public address of the receiver, such as https://nabiz.firma.com;
    `pseudonym_key_file` has the key of all connections without one.
    """

    connections: tuple[dict[str, Any], ...] | None = ()
    pseudonym_key_file: str = ""
    public_url: Address = ""


class CommonSettings(Form, frozen=True):
    """Settings of a connection of any system, besides those that its mapping declares.

    `auth` is one of the mapping's `verify`, or `none`. `scope` is a prefix of ids. `public_url` is
    the address that the system sends to. `poll_every` is the interval of polls (30s, 5m, 2h) if it
    does not send. `customer_id` and `order_id` name the fields that contain them.
    """

    auth: str = ""
    brand: str = ""
    segment: str = ""
    touchpoint: str = ""
    timezone: str = ""
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = ""
    scope: Annotated[str, Meta(pattern=r"^[\w.-]{1,50}$")] = ""
    channel: str = ""
    public_url: Address = ""
    poll_every: Annotated[str, Meta(pattern=r"^([1-9][0-9]{0,3}[smhd])?\Z")] = ""
    customer_id: str = ""
    order_id: str = ""
    questions: dict[str, Any] = msgspec.field(default_factory=dict)


class ConnectionsSource(YamlSource):
    """The file: its form, and the line of each part."""

    failure = ConnectionsError

    def __init__(self, path: Path, content: bytes) -> None:
        """Parse the content of the file. Raises ConnectionsError."""
        super().__init__(path, content)
        self.form: ConnectionsForm = self.convert(self.data, ConnectionsForm, "$")
        self.entries = [Entry(self, *one) for one in enumerate(self.form.connections or ())]

    def secret(self, where: str, file: object) -> str:
        """Return the secret in a file, whose path is relative to this one's folder.

        Raises ConnectionsError.
        """
        if not isinstance(file, str) or not file:
            raise self.error(where, f"{where.rpartition('.')[2]}: must be the path of a file")
        path = self.path.parent / file
        try:
            text = utf8(path.read_bytes()).decode().rstrip("\r\n")
        except OSError as error:
            raise self.error(where, f"{path} cannot be read ({error.strerror})") from None
        except ValueError:
            raise self.error(where, f"{path} is not UTF-8 text") from None
        if not text:
            raise self.error(where, f"{path} is empty")
        return text

    def pseudonym_key(self) -> str:
        """Return the key of all connections that name none, "" where there is none.

        Raises ConnectionsError.
        """
        file = self.form.pseudonym_key_file
        return self.secret("$.pseudonym_key_file", file) if file else ""

    def secret_files(self) -> Iterator[Path]:
        """Yield the named files of secrets."""
        named: list[Any] = [self.form.pseudonym_key_file]
        for entry in self.entries:
            for name, value in entry.data.items():
                if name.endswith(FILE_OF):
                    named += value if isinstance(value, list) else [value]
        yield from (self.path.parent / file for file in named if file and isinstance(file, str))


def connected_systems(file: Path) -> frozenset[str]:
    """Return the systems of the connections in the file, valid or not."""
    try:
        return _systems(file, file.stat().st_mtime_ns)
    except (ConnectionsError, OSError):
        return frozenset()


@lru_cache(maxsize=1)
def _systems(file: Path, _version: int) -> frozenset[str]:
    entries = ConnectionsSource(file, file.read_bytes()).entries
    return frozenset(str(entry.data.get("system")) for entry in entries)


class Entry:
    """A connection in the file."""

    def __init__(self, source: ConnectionsSource, number: int, data: dict[str, Any]) -> None:
        self.source = source
        self.place = f"connections[{number}]"
        self.data = data
        self.settings = {
            name: value for name, value in self.data.items() if name not in ("name", "system")
        }

    def where(self, field: str = "") -> str:
        """Return the place of a field in the file."""
        return f"$.{self.place}.{field}".removesuffix(".")

    def error(self, field: str, reason: str) -> SourceFileError:
        """Return the error of a field, or of the whole entry."""
        return self.source.error(self.where(field), reason)

    def checked(self, field: str, value: Any) -> Any:
        """Return the value of a common setting. Raises ConnectionsError."""
        form = self.source.convert({field: value}, CommonSettings, self.where())
        return msgspec.structs.asdict(form)[field]

    def members(self, field: str, file: str) -> dict[str, list[str]]:
        """Return the names and members in a table. Raises ConnectionsError."""
        path = self.source.path.parent / file
        try:
            return read_members(path)
        except OSError as error:
            raise self.error(field, f"{path} cannot be read ({error.strerror})") from None
        except SourceError as error:
            raise self.error(field, f"{path}: {error}") from None
