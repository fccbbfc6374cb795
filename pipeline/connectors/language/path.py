"""Paths into a document, as `message.text.body`, compiled when a mapping is loaded.

A path is a name known to the mapping, followed by steps:

    .key  ."a key"  ["a key"]   the value of a key
    [0]  [-1]                   an item of a list
    [key=value]                 the first item whose key has this value
    []                          every item of a list
    {}                          every entry of an object, as an object with `key` and `value`

A missing value is None, and so is one of another type than the path expects.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

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
    """A path is invalid; the message says how."""


Step: TypeAlias = Callable[[list[Any]], list[Any]]
"""Takes one step from each value, leaving out missing ones."""


class Path:
    """A path; paths with the same text are equal."""

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
        steps = list(_read(text, root.end()))
        self.keys = tuple(key for step in steps if (key := _key(step)) is not None)
        """The keys of the path in order."""
        self._is_keys = len(self.keys) == len(steps)
        self._is_many = any(step["items"] or step["entries"] for step in steps)
        self._steps = tuple(_step(step) for step in steps)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and other.text == self.text

    def get(self, names: Mapping[str, Any]) -> Any:
        """Return the value; with `[]` or `{}` in the path, a list of the existing ones."""
        value = names.get(self.root)
        if self._is_keys:
            for key in self.keys:
                if type(value) is not dict:  # a document has no other, and this is asked most
                    return None
                value = value.get(key)
            return value
        values = [value]
        for step in self._steps:
            values = step(values)
        if self._is_many:
            return [value for value in values if value is not None] or None
        return values[0] if values else None


def _read(text: str, at: int) -> Iterator[re.Match[str]]:
    while at < len(text):
        step = _STEP.match(text, at)
        if not step:
            raise PathError(f"`{text}` cannot be read from `{text[at:]}` on")
        at = step.end()
        yield step


def _key(step: re.Match[str]) -> str | None:
    texts = (step[kind] for kind in ("key", "quoted", "index_key"))
    return next((text for text in texts if text is not None), None)


def _step(step: re.Match[str]) -> Step:
    if (key := _key(step)) is not None:
        return lambda values: [v[key] for v in values if isinstance(v, dict) and key in v]
    if step["items"]:
        return lambda values: [item for v in values if isinstance(v, list) for item in v]
    if step["entries"]:
        return lambda values: [
            {"key": key, "value": value}
            for v in values
            if isinstance(v, dict)
            for key, value in v.items()
        ]
    if step["index"]:
        place = int(step["index"])
        return lambda values: [
            v[place] for v in values if isinstance(v, list) and -len(v) <= place < len(v)
        ]
    field, wanted = step["field"].split("."), step["wanted"]
    return lambda values: [
        item
        for v in values
        if isinstance(v, list)
        for item in [item for item in v if _has(item, field, wanted)][:1]
    ]


def _has(item: Any, field: Sequence[str], wanted: str) -> bool:
    for key in field:
        item = item.get(key) if isinstance(item, dict) else None
    return item is not None and str(item) == wanted
