"""Conditions of mappings: CEL, as in the rules, over paths into a delivery."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from pipeline.connectors.language.expression import ExpressionError, Scope
from pipeline.connectors.language.path import Path, PathError

_TEXT = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
_KEY = r"\.[^\W\d]\w*|\[\s*(?:\"[^\"]*\"|\d+)\s*\]"
_WORDS = re.compile(rf"(?P<text>{_TEXT})|(?P<path>(?<![\w.])[^\W\d]\w*(?:{_KEY})*)(?P<call>\s*\()?")
_AGAINST_NULL = re.compile(r"\s*[!=]=\s*null\b")
_LARGEST = 2**63


class Condition:
    """A condition over paths: a missing value is null, and no other value equals null.

    Paths are written as in expressions, with keys that are no names as `header["x-topic"]`.
    """

    def __init__(self, text: str, roots: Collection[str]) -> None:
        """Compile a condition. Raises ExpressionError."""
        self.text = text
        self._roots = roots
        self._variables: dict[str, Path] = {}
        self._read: set[str] = set()
        """Variables that are read, not only tested for presence."""
        source = _WORDS.sub(self._named, text)
        env = cel.NewEnv(variables=dict.fromkeys(self._variables, cel.Type.DYN))
        try:
            self._program = env.compile(source)
        except RuntimeError as error:
            raise ExpressionError(f"`{text}`: {self._told(str(error))}") from None
        if self._program.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
            raise ExpressionError(f"`{text}` is a {self._program.return_type().name()}, not a bool")
        self._places = tuple((path, name in self._read) for name, path in self._variables.items())
        # Most conditions are about types and states, of which there are few.
        self._decided = lru_cache(maxsize=256, typed=True)(self._decide)

    @property
    def paths(self) -> Collection[Path]:
        """The paths that the condition reads."""
        return self._variables.values()

    def __call__(self, scope: Scope) -> bool:
        """Return whether the condition holds. Raises ValueError if it cannot be evaluated."""
        values = tuple([_plain(scope.read(path), is_read) for path, is_read in self._places])
        try:
            return self._decided(values)
        except TypeError:  # a list or an object, which no cache can hold
            return self._decide(values)

    def _decide(self, values: tuple[Any, ...]) -> bool:
        verdict = self._program.eval(data=dict(zip(self._variables, values, strict=True)))
        if verdict.type() != cel.Type.BOOL:
            raise ValueError(f"`{self.text}` cannot be decided: {verdict.plain_value()}")
        return bool(verdict.plain_value())

    def _named(self, word: re.Match[str]) -> str:
        """Replace a path by a CEL variable; texts, functions and macro names stay."""
        path, call = word["path"], word["call"] or ""
        method = ""
        if path and call and "." in path:
            path, _, method = path.rpartition(".")
        if not path or (call and not method) or re.split(r"\W", path)[0] not in self._roots:
            return word[0]
        try:
            found = Path(re.sub(r"\s", "", path), self._roots)
        except PathError as error:
            raise ExpressionError(str(error)) from None
        name = next((n for n, known in self._variables.items() if known == found), "")
        name = name or f"p{len(self._variables)}"
        self._variables[name] = found
        if method or not _AGAINST_NULL.match(word.string, word.end()):
            self._read.add(name)
        return f"{name}.{method}{call}" if method else name

    def _told(self, message: str) -> str:
        """Return CEL's message with paths in place of its variables."""
        reason = re.sub(r"^.*?<input>:\d+:\d+: ", "", message.partition("\n")[0])
        return re.sub(
            r"\bp\d+\b", lambda name: getattr(self._variables.get(name[0]), "text", name[0]), reason
        )


def _plain(value: Any, is_read: bool) -> Any:
    """Convert a value for CEL, whose integers have 64 bits and which lacks our times.

    A value that is only tested for presence becomes true, which can be cached in any case.
    """
    if not is_read:
        return None if value is None else True
    if value is None or isinstance(value, str | bool | float | list | dict):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else float(value)
    return str(value)
