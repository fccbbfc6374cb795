"""Expressions of mappings: `path | function(argument) | …`, and texts with them in braces.

A function that cannot read its value fails; with a `?` after its name it gives None. A text is
literal except for expressions in braces: `"{scope}:{ticket.id}"`. One that is a single expression
has its value, of any type; any other has a text, or None if one of its expressions is None. A list
has the value of its first item that is not None.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec

from pipeline.connectors.language.functions import FUNCTIONS, Function
from pipeline.connectors.language.path import TEXT, Path, PathError
from pipeline.connectors.outcome import Memory, Recall, nothing_remembered

_CALL = re.compile(r"\s*\|\s*(?P<name>[a-z][a-z0-9_]*)(?P<lenient>\?)?\s*(?P<open>\()?")
_ARGUMENT = re.compile(
    rf"""\s*(?:'(?P<quoted>[^']*)'|(?P<number>-?\d+(?:\.\d+)?)|(?P<path>{TEXT.pattern}))\s*""",
    re.VERBOSE,
)


class ExpressionError(Exception):
    """An expression is invalid; the message says how."""


class Scope(msgspec.Struct, frozen=True):
    """The names and memories that an expression may read.

    `recall` returns the memory of a kind (`ticket`) and key; `missed` collects those that do not
    exist. `reached`, if given, collects the paths that led to a value.
    """

    names: Mapping[str, Any]
    recall: Recall = nothing_remembered
    reached: set[Path] | None = None
    missed: list[Memory] = []

    def read(self, path: Path) -> Any:
        """Return the value of a path."""
        value = path.get(self.names)
        if self.reached is not None and value is not None:
            self.reached.add(path)
        return value

    def with_name(self, name: str, value: Any) -> "Scope":
        """Return the scope with an additional name."""
        return Scope({**self.names, name: value}, self.recall, self.reached, self.missed)


class Vocabulary(NamedTuple):
    """The names for expressions of a mapping: roots of paths, tables, kinds of memories."""

    roots: Collection[str]
    tables: Mapping[str, Mapping[str, Any]] = {}
    memories: Mapping[str, str] = {}
    """The setting with the initial memories of a kind, or ``""``."""

    def knowing(self, *roots: str) -> "Vocabulary":
        """Return the vocabulary with more roots."""
        return self._replace(roots=(*self.roots, *roots))


Value: TypeAlias = Callable[[Scope], Any]
"""Evaluates to a value. Raises ValueError whose text says what cannot be read."""


class Expression:
    """A path and the functions applied to its value; None or an empty text leads to None."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        """Compile an expression. Raises ExpressionError."""
        self.text = text.strip()
        start = TEXT.match(self.text)
        if not start:
            raise ExpressionError(f"`{self.text}` does not begin with a path")
        self.path = _path(start[0], vocabulary)
        self._calls = tuple(_calls(self.text, start.end(), vocabulary))

    @property
    def paths(self) -> Iterator[Path]:
        """Yield the paths that the expression reads."""
        yield self.path
        for call in self._calls:
            if isinstance(call, _Call):
                yield from (part for part in call.arguments if isinstance(part, Path))

    @property
    def needs(self) -> Iterator[str]:
        """Yield the settings of the connection that functions require."""
        for call in self._calls:
            if isinstance(call, _Call):
                yield from call.function.needs

    @property
    def columns(self) -> Iterator[str]:
        """Yield the names of columns that it looks for in a row of a table."""
        for call in self._calls:
            if isinstance(call, _Call) and call.function.of_columns:
                yield from (part for part in call.arguments if isinstance(part, str))

    def __call__(self, scope: Scope) -> Any:
        """Return the value. Raises ValueError."""
        value = scope.read(self.path)
        for call in self._calls:
            if value is None or value == "":
                return None
            value = call(value, scope)
        return value


class _Call(NamedTuple):
    """A function with its arguments: constants and paths.

    A `lenient` one gives None of a value that it cannot read.
    """

    function: Function
    arguments: tuple[Any, ...]
    lenient: bool = False

    def __call__(self, value: Any, scope: Scope) -> Any:
        try:
            return self._called(value, scope)
        except ValueError:
            if self.lenient:
                return None
            raise

    def _called(self, value: Any, scope: Scope) -> Any:
        given = [scope.read(arg) if isinstance(arg, Path) else arg for arg in self.arguments]
        if not self.function.settings:
            return self.function.call(value, *given)
        connection = scope.names["connection"]
        settings = {name: connection.get(name) for name in self.function.settings}
        return self.function.call(value, *given, **settings)


class _Recall(NamedTuple):
    """Looks a value up in the memories of a kind; `seed` is a setting with initial ones."""

    kind: str
    seed: str

    def __call__(self, value: Any, scope: Scope) -> Any:
        key = str(value)
        known = scope.recall(self.kind, key)
        if known is None and self.seed:
            seeds = scope.names["connection"].get(self.seed)
            known = seeds.get(key) if isinstance(seeds, dict) else None
        if known is None:
            scope.missed.append(Memory(self.kind, key))
        return known


class _Table(NamedTuple):
    """Looks a value up in a table of the mapping; `*` stands for all others."""

    entries: Mapping[str, Any]

    def __call__(self, value: Any, scope: Scope) -> Any:  # noqa: ARG002
        return self.entries.get(as_written(value), self.entries.get("*"))


def as_written(value: Any) -> str:
    """Return a value as JSON and YAML write it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def texts_of(values: Iterable[tuple[str, Value]], scope: Scope) -> tuple[tuple[str, str], ...]:
    """Return values by name as texts, leaving out None. Raises ValueError."""
    given = ((name, value(scope)) for name, value in values)
    return tuple((name, as_written(value)) for name, value in given if value is not None)


def template(text: str, vocabulary: Vocabulary) -> tuple[Value, tuple[Expression, ...]]:
    """Compile a text with expressions in braces. Raises ExpressionError."""
    pieces = list(_pieces(text, vocabulary))
    expressions = tuple(piece for piece in pieces if isinstance(piece, Expression))
    if not expressions:
        constant = "".join(str(piece) for piece in pieces)
        return lambda _: constant, ()
    if len(pieces) == 1:
        return expressions[0], expressions

    def joined(scope: Scope) -> str | None:
        texts = []
        for piece in pieces:
            value = piece(scope) if isinstance(piece, Expression) else piece
            if value is None or value == "":
                return None
            if isinstance(value, bool | list | dict):
                raise ValueError(f"`{text}` has a value that is no text")
            texts.append(str(value))
        return "".join(texts)

    return joined, expressions


def _pieces(text: str, vocabulary: Vocabulary) -> Iterator[str | Expression]:
    at, literal = 0, ""
    while at < len(text):
        if text[at] in "{}" and text[at : at + 2] == text[at] * 2:
            literal, at = literal + text[at], at + 2
        elif text[at] == "{":
            end = _end(text, at)
            if literal:
                yield literal
            yield Expression(text[at + 1 : end], vocabulary)
            literal, at = "", end + 1
        else:
            literal, at = literal + text[at], at + 1
    if literal:
        yield literal


def _end(text: str, start: int) -> int:
    """Return the index of the brace that closes the one at `start`; skip `{}` in a path."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at
    raise ExpressionError(f"`{text}` has a brace that does not close; `{{{{` is a brace itself")


def _path(text: str, vocabulary: Vocabulary) -> Path:
    try:
        return Path(text, vocabulary.roots)
    except PathError as error:
        raise ExpressionError(str(error)) from None


def _calls(text: str, at: int, vocabulary: Vocabulary) -> Iterator[_Call | _Recall | _Table]:
    while text[at:].strip():
        call = _CALL.match(text, at)
        if not call:
            raise ExpressionError(f"`{text}` cannot be read from `{text[at:].strip()}` on")
        at = call.end()
        arguments: list[Any] = []
        if call["open"]:
            arguments, at = _arguments(text, at, vocabulary, names=call["name"] in _BY_NAME)
        step = _call(call["name"], arguments, vocabulary)
        yield step._replace(lenient=bool(call["lenient"])) if isinstance(step, _Call) else step


_BY_NAME = ("table", "recall")
"""Functions whose argument is a name declared in the mapping."""


def _arguments(text: str, at: int, vocabulary: Vocabulary, *, names: bool) -> tuple[list[Any], int]:
    arguments: list[Any] = []
    while True:
        argument = _ARGUMENT.match(text, at)
        if not argument:
            raise ExpressionError(f"`{text}`: an argument is a path, a number or a 'text'")
        if argument["path"]:
            arguments.append(argument["path"] if names else _path(argument["path"], vocabulary))
        elif argument["number"]:
            number = argument["number"]
            arguments.append(float(number) if "." in number else int(number))
        else:
            arguments.append(argument["quoted"])
        at = argument.end()
        if text[at : at + 1] == ")":
            return arguments, at + 1
        if text[at : at + 1] != ",":
            raise ExpressionError(f"`{text}` has a bracket that does not close")
        at += 1


def _call(name: str, arguments: list[Any], vocabulary: Vocabulary) -> _Call | _Recall | _Table:
    match name, arguments:
        case "table", [str(table)] if table in vocabulary.tables:
            return _Table(vocabulary.tables[table])
        case "table", _:
            raise ExpressionError(
                f"table(NAME) needs one of `tables`: {_listed(vocabulary.tables)}"
            )
        case "recall", [str(kind)] if kind in vocabulary.memories:
            return _Recall(kind, vocabulary.memories[kind])
        case "recall", _:
            kinds = _listed(vocabulary.memories)
            raise ExpressionError(f"recall(KIND) needs one of `memories`: {kinds}")
    if name not in FUNCTIONS:
        raise ExpressionError(f"there is no function `{name}`: {_listed(FUNCTIONS)}")
    function = FUNCTIONS[name]
    if len(arguments) not in function.arguments:
        first, last = function.arguments.start, function.arguments.stop - 1
        wanted = str(first) if first == last else f"{first} to {last}"
        raise ExpressionError(f"`{name}` takes {wanted} arguments, it has {len(arguments)}")
    return _Call(function, tuple(arguments))


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "there is none"
