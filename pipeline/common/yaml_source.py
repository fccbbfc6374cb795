"""YAML files whose errors are reported with file and line: rules, mappings of connectors."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml


class SourceFileError(Exception):
    """A file is invalid; `str()` is `file:line: reason`, lines count from 1."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        shown = os.fsencode(file).decode(errors="replace")
        super().__init__(f"{shown}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class _Loader(yaml.SafeLoader):
    """Reads YAML in UTF-8 without aliases, which can expand without bound."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.peek_event()  # type: ignore[no-untyped-call]
            raise _no_yaml("aliases (*name) are not allowed here", alias.start_mark)
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode) and any("\ud800" <= c <= "\udfff" for c in node.value):
            raise _no_yaml("a lone surrogate is not a character", node.start_mark)
        return node


def _no_yaml(problem: str, mark: yaml.Mark | None) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


class YamlSource:
    """A YAML file: its data, and the line of each part."""

    failure: type[SourceFileError] = SourceFileError

    def __init__(self, path: Path, content: bytes) -> None:
        """Parse the content of the file. Raises `failure`."""
        self.path = path
        try:
            self.text = content.decode()
            loader = _Loader(self.text)
            node = loader.get_single_node()
            self.data = None if node is None else loader.construct_document(node)
        except RecursionError:
            raise self.failure(path, 1, "not YAML: it is nested too deeply") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self.failure(path, line, f"not YAML: {error.problem}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise self.failure(path, 1, f"not YAML in UTF-8: {error}") from error
        self._lines: dict[str, int] = {}
        if node is not None:
            for where, line in _lines(node, "$"):
                if where in self._lines:
                    raise self.failure(path, line, f"`{where[2:]}` is given twice")
                self._lines[where] = line

    def line(self, where: str) -> int:
        """Return the line of a path such as `$.alert.title`, or of its parent."""
        while where and where not in self._lines:
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
        return self._lines.get(where, 1)

    def error(self, where: str, reason: str) -> SourceFileError:
        """Return the error at a path such as `$.alert.title`, or at its parent."""
        return self.failure(self.path, self.line(where), reason)

    def convert(self, data: Any, type_: Any, root: str) -> Any:
        """Convert the data at `root` to a value of a type. Raises `failure`."""
        try:
            return msgspec.convert(data, type_, strict=True)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$")
            where = root + path.removesuffix("`")
            if unknown := re.search("unknown field `(.*)`", reason):
                where += f".{unknown[1]}"
            place = where[2:] or "the file"
            raise self.error(where, f"{place}: {reason}") from error


def _lines(node: yaml.Node, where: str) -> Iterator[tuple[str, int]]:
    """Yield each path in the document with its line, counted from 1."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield f"{where}.{key.value}", key.start_mark.line + 1
            yield from _lines(value, f"{where}.{key.value}")
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{where}[{index}]", item.start_mark.line + 1
            yield from _lines(item, f"{where}[{index}]")
