"""Paths into a document, as `message.text.body`, compiled when a mapping is loaded.

A path is a name that the mapping knows, and steps from there:

    .key  ."a key"  ["a key"]   the value of a key
    [0]  [-1]                   an item of a list
    [key=value]                 the first item whose key has this value
    []                          every item of a list
    {}                          every entry of an object, as an object with `key` and `value`

What is not there is None, and so is what is of another shape than the path expects.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

ROOT = r"[^\W\d]\w*"
_STEP = re.compile(
    r"""\.(?P<key>[\w$@:][\w$@:-]*)
      | \.?"(?P<quoted>[^"]*)"
      | \["(?P<index_key>[^"]*)"\]
      | \[(?P<index>-?\d{1,4})\]
      | \[(?P<field>[\w$@:.-]+)=(?P<wanted>[^\]]*)\]
      | (?P<items>\[\])
      | (?P<entries>\{\})""",
    re.VERBOSE,
)
TEXT = re.compile(rf"{ROOT}(?:{_STEP.pattern})*".replace("(?P<", "(?P<_"), re.VERBOSE)
"""Matches the text of a path."""


class PathError(Exception):
    """A path is written wrongly; the message says how."""


class _Where(NamedTuple):
    """Selects the first item of a list whose `field` has the text `wanted`."""

    field: str
    wanted: str


class _Every(NamedTuple):
    """Selects all items of a list, or all entries of an object."""

    of_object: bool


Step: TypeAlias = str | int | _Where | _Every


class Path:
    """A path; two of the same text are equal."""

    def __init__(self, text: str, roots: Collection[str]) -> None:
        """Compile a path that begins with one of `roots`. Raises PathError."""
        self.text = text
        root = re.match(ROOT, text)
        if not root:
            raise PathError(f"`{text}` is no path, such as body.customer.id")
        self.root = root[0]
        if self.root not in roots:
            known = ", ".join(sorted(roots))
            raise PathError(f"`{text}` begins with `{self.root}`, which is none of {known}")
        self._steps = tuple(_steps(text, root.end()))
        keys = [step for step in self._steps if isinstance(step, str)]
        self._keys = tuple(keys) if len(keys) == len(self._steps) else None
        self.is_many = any(isinstance(step, _Every) for step in self._steps)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys after the root, as far as the path consists of keys alone."""
        return tuple(step for step in self._steps if isinstance(step, str))

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and other.text == self.text

    def get(self, names: Mapping[str, Any]) -> Any:
        """Return the value; a list of those that are there where the path has `[]` or `{}`."""
        value = names.get(self.root)
        if self._keys is not None:
            for key in self._keys:
                if not isinstance(value, dict):
                    return None
                value = value.get(key)
            return value
        if self.is_many:
            return [found for found in _walk(value, self._steps) if found is not None] or None
        return next(_walk(value, self._steps), None)


def _steps(text: str, at: int) -> Iterator[Step]:
    while at < len(text):
        step = _STEP.match(text, at)
        if not step:
            raise PathError(f"`{text}` cannot be read from `{text[at:]}` on")
        at = step.end()
        if step["items"] or step["entries"]:
            yield _Every(bool(step["entries"]))
        elif step["index"]:
            yield int(step["index"])
        elif step["field"]:
            yield _Where(step["field"], step["wanted"])
        else:
            yield next(
                step[kind] for kind in ("key", "quoted", "index_key") if step[kind] is not None
            )


def _walk(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    for place, step in enumerate(steps):
        match step, value:
            case str(), dict():
                value = value.get(step)
            case int(), list():
                value = value[step] if -len(value) <= step < len(value) else None
            case _Where(), list():
                value = next((item for item in value if _has(item, step)), None)
            case _Every(of_object=False), list():
                for item in value:
                    yield from _walk(item, steps[place + 1 :])
                return
            case _Every(of_object=True), dict():
                for key, entry in value.items():
                    yield from _walk({"key": key, "value": entry}, steps[place + 1 :])
                return
            case _:
                return
    yield value


def _has(item: Any, where: _Where) -> bool:
    for key in where.field.split("."):
        item = item.get(key) if isinstance(item, dict) else None
    return item is not None and str(item) == where.wanted
