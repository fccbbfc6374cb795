"""Analyses the tree of a checked CEL condition: fields, quoted texts, and its maximum cost.

CEL stops an evaluation after 10,000 loop iterations but bounds neither texts nor lists that grow in
them, and estimates no cost. So the cost is bounded when a condition is loaded, from its tree and
the maximum sizes of its inputs.
"""

import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, NamedTuple

from pipeline.model.reading import QUOTE

STEPS = 20_000
"""Limit of steps of a condition: two milliseconds, ten if it consists of `.` and `[^a]`."""
LONGEST_NUMBER = 400
"""Maximum length of a number as a text."""
PATTERN_STEPS = 5
"""Steps per character of a regular expression, which CEL compiles at every use."""


class ExpressionError(Exception):
    """A condition uses something that rules may not use."""


class Extent(NamedTuple):
    """The maximum size of a value: characters of a text, or items of a list and their size."""

    length: int = 1
    item: "Extent | None" = None

    @property
    def weight(self) -> int:
        """Steps to traverse the value: one per ten characters, and one per item."""
        return 1 + (self.length * self.item.weight if self.item else self.length // 10)

    def joined(self, other: "Extent") -> "Extent":
        """Return the larger of both extents in each dimension."""
        return Extent(max(self.length, other.length), _either(self.item, other.item))


class Node(NamedTuple):
    """A node of a condition; `name` is its variable or function, `text` its literal."""

    kind: str
    name: str = ""
    text: str | None = None
    parts: tuple["Node", ...] = ()
    variables: tuple[str, str] = ("", "")


SCALAR, NAME, TEXT = Extent(), Extent(50), Extent(QUOTE)
"""Extents of a number or bool; of the name of an intent, topic or cause; of a text of an event."""


def tree_of(expression: Any) -> Node:
    """Return the tree of a compiled `cel.Expression`.

    CEL exposes it only as a protocol buffer, a cel.expr.CheckedExpr within an Any; only the needed
    fields are read.
    """
    checked = _fields(_fields(expression.serialize())[2][0])
    references = {}
    for entry in checked.get(2, ()):
        key, reference = _fields(entry)[1][0], _fields(_fields(entry)[2][0])
        if 1 in reference and 3 not in reference:  # a variable, not an overload
            references[key] = _text(reference, 1)
    return _node(checked[4][0], references)


def names_in(node: Node) -> Iterator[str]:
    """Yield the names of the fields that are read."""
    if node.kind == "field":
        yield node.name
    for part in node.parts:
        yield from names_in(part)


def texts_in(node: Node) -> Iterator[str]:
    """Yield the string literals."""
    if node.text is not None:
        yield node.text
    for part in node.parts:
        yield from texts_in(part)


def patterns_in(node: Node) -> Iterator[str]:
    """Yield the regular expressions. Raises ExpressionError for one of unknown cost."""
    if node.kind == "call" and node.name == "matches":
        pattern = node.parts[-1].text
        if pattern is None:
            raise ExpressionError("the regular expression of `matches` must be a literal text")
        if re.search(r"\\p", pattern, re.IGNORECASE):  # each takes at least 5 ms to compile
            raise ExpressionError("classes such as \\p{L} take too long: write [a-zçğıöşü] instead")
        yield pattern
    for part in node.parts:
        yield from patterns_in(part)


def most_steps(node: Node, sizes: Mapping[str, Extent]) -> int:
    """Return an upper bound of the steps: evaluated nodes, traversed items, tens of characters.

    `sizes` are the extents of fields; a field without one is a number or a bool.
    """
    return _bound(node, sizes)[0]


def _bound(node: Node, sizes: Mapping[str, Extent]) -> tuple[int, Extent]:
    if node.kind == "loop":
        return _loop(node, sizes)
    if node.kind in ("field", "variable"):
        return 1, sizes.get(node.name, SCALAR)
    if node.kind == "constant":
        return 1, SCALAR if node.text is None else Extent(len(node.text))
    bounds = [_bound(part, sizes) for part in node.parts]
    steps, extents = 1 + sum(steps for steps, _ in bounds), [extent for _, extent in bounds]
    largest = reduce(Extent.joined, extents, SCALAR)
    if node.kind == "list":
        return steps + len(extents), Extent(len(extents), largest)
    if node.kind == "map":
        return steps + len(extents), Extent(len(extents) // 2, largest)
    return _call(node, steps, extents, largest)


def _loop(node: Node, sizes: Mapping[str, Extent]) -> tuple[int, Extent]:
    """Bound a macro (`all`, `exists`, `filter`, `map` …): an iteration adds at most one item."""
    over, start, condition, step, result = node.parts
    steps, items = _bound(over, sizes)
    first, begun = _bound(start, sizes)
    item, total = node.variables
    grown = Extent(begun.length + items.length, begun.item)
    inner = {**sizes, item: items.item or SCALAR, total: grown}
    each, made = _bound(step, inner)
    each += _bound(condition, inner)[0]
    last, extent = _bound(result, {**sizes, total: made})
    return steps + first + last + items.length * each, extent


def _call(node: Node, steps: int, extents: list[Extent], largest: Extent) -> tuple[int, Extent]:
    weights = sum(extent.weight for extent in extents)
    match node.name:
        case "_&&_" | "_||_" | "!_" | "-_" | "@not_strictly_false":
            return steps, SCALAR
        case "_?_:_":
            return steps, largest
        case "_[_]" | "select":
            return steps + weights, extents[0].item or SCALAR
        case "_+_":
            return steps + weights, Extent(sum(extent.length for extent in extents), largest.item)
        case "matches":
            text, pattern = extents[0], node.parts[-1].text or ""
            return steps + text.length + PATTERN_STEPS * _program(pattern), SCALAR
        case "contains":
            return steps + extents[0].weight * extents[-1].weight, SCALAR
        case "string" | "bytes" | "dyn":
            return steps + weights, largest.joined(Extent(LONGEST_NUMBER))
    return steps + weights, SCALAR


def _program(pattern: str) -> int:
    """Bound the size of a regular expression with its repetitions expanded."""
    size = len(pattern)
    for piece in pattern.split("{")[1:]:
        counts = piece.partition("}")[0].split(",")
        size *= max([1, *(int(count) for count in counts if count.isdecimal())])
    return size


def _either(left: Extent | None, right: Extent | None) -> Extent | None:
    return left.joined(right) if left and right else left or right


def _node(data: bytes, names: Mapping[int, str]) -> Node:
    """Parse a cel.expr.Expr: its id, and one of seven kinds."""
    fields = _fields(data)
    number = fields.pop(2, [0])[0]
    if number in names and 9 not in fields:
        name = names[number]
        return Node("field" if "." in name else "variable", name)
    if not fields:
        return Node("constant")
    [(kind, [content])] = fields.items()
    inner = _fields(content)

    def nodes(*places: int) -> tuple[Node, ...]:
        return tuple(_node(part, names) for place in places for part in inner.get(place, ()))

    match kind:
        case 3:
            quoted = 6 in inner or 7 in inner
            return Node("constant", text=_text(inner, 6 if 6 in inner else 7) if quoted else None)
        case 4:
            return Node("variable", _text(inner, 1))
        case 5:
            return Node("call", "select", parts=nodes(1))
        case 6:
            return Node("call", _text(inner, 2), parts=nodes(1, 3))
        case 7:
            return Node("list", parts=nodes(1))
        case 8:
            entries = [_fields(entry) for entry in inner.get(2, ())]
            pairs = [part for entry in entries for part in (*entry.get(3, ()), *entry[4])]
            return Node("map", parts=tuple(_node(part, names) for part in pairs))
    return Node(
        "loop",
        parts=nodes(2, 4, 5, 6, 7),
        variables=(_text(inner, 1), _text(inner, 3)),
    )


def _text(fields: Mapping[int, list[Any]], number: int) -> str:
    return bytes(fields.get(number, [b""])[0]).decode(errors="replace")


def _fields(data: bytes) -> dict[int, list[Any]]:
    """Return the fields of a protocol buffer by number: integers, and bytes for other types."""
    fields: dict[int, list[Any]] = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value: int | bytes
        match key & 7:
            case 0:
                value, at = _varint(data, at)
            case 1:
                value, at = data[at : at + 8], at + 8
            case 2:
                length, at = _varint(data, at)
                value, at = data[at : at + length], at + length
            case other:
                raise ExpressionError(
                    f"CEL returned a tree that cannot be parsed (wire type {other})"
                )
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
