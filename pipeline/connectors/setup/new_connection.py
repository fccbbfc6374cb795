"""Adds a connection to the file of connections, keeping its comments and order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pipeline.common.private_files import make_private_folder, write_private
from pipeline.common.refused import Refused
from pipeline.connectors.connection import Connection
from pipeline.connectors.setup.connection_checks import PSEUDONYM_KEY
from pipeline.connectors.setup.connection_file import FILE_OF, ConnectionsError, ConnectionsSource
from pipeline.connectors.setup.connections import ConnectionBook

SECRETS = "secrets"
"""The folder of secrets, beside the file."""


class NewConnection(NamedTuple):
    """A connection to add. `secrets` are values; `pseudonym_key` is a new common key, or ""."""

    name: str
    system: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    pseudonym_key: str = ""


def add(new: NewConnection, book: ConnectionBook) -> tuple[Connection, list[Path]]:
    """Add a connection; return it, and the files of secrets that were written.

    Nothing is changed if it would be refused. Raises Refused, ConnectionsError and OSError.
    """
    file = book.file
    secrets = {f"{new.name}_{key}": value for key, value in new.secrets.items()}
    if new.pseudonym_key:
        secrets[PSEUDONYM_KEY] = new.pseudonym_key
    content = _with_entry(file, new).encode()
    written: list[Path] = []
    draft = file.with_name(f".{file.name}.new")
    try:
        for key, value in secrets.items():
            written.append(_write_secret(file.parent / SECRETS, key, value))
        draft.write_bytes(content)
        connection = _tried(draft, new.name, book)
        draft.chmod(file.stat().st_mode)
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        for path in written:
            path.unlink()
        raise
    return connection, written


def _tried(draft: Path, name: str, book: ConnectionBook) -> Connection:
    """Return the connection that would be in force. Raises Refused."""
    tried = ConnectionBook(draft, book.mappings)
    if name not in tried.connections:
        reason = tried.failure or tried.refused.get(name) or "; ".join(tried.errors)
        raise Refused(reason.rpartition(f"{draft.name}:")[2].partition(": ")[2])
    return tried.connections[name]


def _write_secret(folder: Path, name: str, value: str) -> Path:
    make_private_folder(folder)
    path = folder / name
    write_private(path, f"{value}\n")
    return path


def _with_entry(file: Path, new: NewConnection) -> str:
    """Return the file's content with the connection appended. Raises ConnectionsError."""
    source = ConnectionsSource(file, file.read_bytes())
    text = source.text
    if any(entry.data.get("name") == new.name for entry in source.entries):
        raise ConnectionsError(file, 1, f"a connection is named `{new.name}` already")
    files = {f"{key}{FILE_OF}": f"{SECRETS}/{new.name}_{key}" for key in new.secrets}
    entry = {"name": new.name, "system": new.system, **files, **new.settings}
    text = text if text.endswith("\n") else f"{text}\n"
    text = _with_item(source, text, entry)
    return _with_pseudonym_key(text) if new.pseudonym_key else text


def _with_item(source: ConnectionsSource, text: str, entry: Mapping[str, Any]) -> str:
    found = _list_of(text)
    if found is None:
        return f"{text}connections:\n{_item(entry, 0)}"
    node = found[1]
    start, end = node.start_mark, node.end_mark
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        lines = text.splitlines(keepends=True)
        return "".join([*lines[: end.line], _item(entry, start.column), *lines[end.line :]])
    if node.value:
        reason = "`connections` is written in brackets: write each on lines of its own, `- name: …`"
        raise source.error("$.connections", reason)
    rest = text.index("\n", end.index)
    before = f"{text[: start.index].rstrip()}{text[end.index : rest]}"
    return f"{before}\n{_item(entry, 0)}{text[rest + 1 :]}"


def _with_pseudonym_key(text: str) -> str:
    """Return the content with the key above the list, so that entries may be appended."""
    found = _list_of(text)
    start = found[0].start_mark.index if found else len(text)
    key_file = f"{PSEUDONYM_KEY}{FILE_OF}: {SECRETS}/{PSEUDONYM_KEY}\n"
    return f"{text[:start]}{key_file}{text[start:]}"


def _list_of(text: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the key `connections` and its list, possibly empty; None without one."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "connections":
            return key, value
    return None


def _item(entry: Mapping[str, Any], column: int) -> str:
    """Return an item of a list whose dashes are in a given column."""
    body = yaml.safe_dump(dict(entry), allow_unicode=True, sort_keys=False, width=1_000)
    first, *others = body.splitlines()
    indent = " " * column
    return "\n".join([f"{indent}- {first}", *(f"{indent}  {line}" for line in others)]) + "\n"
