"""A checked CEL condition as a tree: what it reads, what it quotes, and the steps it may take.

CEL ends an evaluation after 10,000 rounds of its loops, bounds neither texts nor lists that grow in
them, and says nothing of it before. So the most that a condition can take is worked out when it is
loaded, from its tree and from how large the values are that it may be given.
"""

import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, NamedTuple

from pipeline.detection.entry import QUOTE

STEPS = 20_000
"""Most steps that a condition may take: two milliseconds, ten where it is all `.` and `[^a]`."""
LONGEST_NUMBER = 400
"""Most characters of a number as a text."""
PATTERN_STEPS = 5
"""Steps for a character of a regular expression: CEL compiles it anew each time."""


class ExpressionError(Exception):
    """A condition does what rules may not do."""


class Extent(NamedTuple):
    """How large a value may be: characters of a text, or items of a list and how large they are."""

    length: int = 1
    item: "Extent | None" = None

    @property
    def weight(self) -> int:
        """Steps to go through all of it: one for ten characters, and for each item."""
        return 1 + (self.length * self.item.weight if self.item else self.length // 10)

    def joined(self, other: "Extent") -> "Extent":
        """Return the extent of a value that may be as large as either."""
        return Extent(max(self.length, other.length), _either(self.item, other.item))


class Node(NamedTuple):
    """A part of a condition; `name` is of the variable or function, `text` what is quoted."""

    kind: str
    name: str = ""
    text: str | None = None
    parts: tuple["Node", ...] = ()
    variables: tuple[str, str] = ("", "")


SCALAR, NAME, TEXT = Extent(), Extent(50), Extent(QUOTE)
"""Of a number or truth value; of the name of an intent, topic or cause; of a text in an event."""


def tree_of(expression: Any) -> Node:
    """Return the tree of a compiled `cel.Expression`.

    CEL gives it as a protocol buffer only, cel.expr.CheckedExpr within an Any; of it is read what
    is needed here.
    """
    checked = _fields(_fields(expression.serialize())[2][0])
    references = {}
    for entry in checked.get(2, ()):
        key, reference = _fields(entry)[1][0], _fields(_fields(entry)[2][0])
        if 1 in reference and 3 not in reference:  # a variable, not an overload
            references[key] = _text(reference, 1)
    return _node(checked[4][0], references)


def names_in(node: Node) -> Iterator[str]:
    """Yield the fields that are read."""
    if node.kind == "field":
        yield node.name
    for part in node.parts:
        yield from names_in(part)


def texts_in(node: Node) -> Iterator[str]:
    """Yield the texts that are quoted."""
    if node.text is not None:
        yield node.text
    for part in node.parts:
        yield from texts_in(part)


def patterns_in(node: Node) -> Iterator[str]:
    """Yield the regular expressions. Raises ExpressionError for one whose cost is not known."""
    if node.kind == "call" and node.name == "matches":
        pattern = node.parts[-1].text
        if pattern is None:
            raise ExpressionError("write out the regular expression of `matches` as a text")
        if re.search(r"\\p", pattern, re.IGNORECASE):  # each takes 5 ms and more to compile
            raise ExpressionError("classes such as \\p{L} take too long: write [a-zçğıöşü] instead")
        yield pattern
    for part in node.parts:
        yield from patterns_in(part)


def most_steps(node: Node, given: Mapping[str, Extent]) -> int:
    """Return an upper bound of the steps: parts evaluated, items gone through, texts by tens.

    `given` has the extents of fields; one that it lacks is a number or a truth value.
    """
    return _bound(node, given)[0]


def _bound(node: Node, given: Mapping[str, Extent]) -> tuple[int, Extent]:
    if node.kind == "loop":
        return _loop(node, given)
    if node.kind in ("field", "variable"):
        return 1, given.get(node.name, SCALAR)
    if node.kind == "constant":
        return 1, SCALAR if node.text is None else Extent(len(node.text))
    bounds = [_bound(part, given) for part in node.parts]
    steps, extents = 1 + sum(steps for steps, _ in bounds), [extent for _, extent in bounds]
    largest = reduce(Extent.joined, extents, SCALAR)
    if node.kind == "list":
        return steps + len(extents), Extent(len(extents), largest)
    if node.kind == "map":
        return steps + len(extents), Extent(len(extents) // 2, largest)
    return _call(node, steps, extents, largest)


def _loop(node: Node, given: Mapping[str, Extent]) -> tuple[int, Extent]:
    """Bound a macro (`all`, `exists`, `filter`, `map` …): a round adds one item at most."""
    over, start, condition, step, result = node.parts
    steps, items = _bound(over, given)
    first, begun = _bound(start, given)
    item, total = node.variables
    grown = Extent(begun.length + items.length, begun.item)
    inner = {**given, item: items.item or SCALAR, total: grown}
    each, made = _bound(step, inner)
    each += _bound(condition, inner)[0]
    last, extent = _bound(result, {**given, total: made})
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
            return steps + weights, Extent(sum(one.length for one in extents), largest.item)
        case "matches":
            text, pattern = extents[0], node.parts[-1].text or ""
            return steps + text.length + PATTERN_STEPS * _program(pattern), SCALAR
        case "contains":
            return steps + extents[0].weight * extents[-1].weight, SCALAR
        case "string" | "bytes" | "dyn":
            return steps + weights, largest.joined(Extent(LONGEST_NUMBER))
    return steps + weights, SCALAR


def _program(pattern: str) -> int:
    """Bound the size of a regular expression with its repetitions written out."""
    size = len(pattern)
    for piece in pattern.split("{")[1:]:
        counts = piece.partition("}")[0].split(",")
        size *= max([1, *(int(count) for count in counts if count.isdecimal())])
    return size


def _either(one: Extent | None, other: Extent | None) -> Extent | None:
    return one.joined(other) if one and other else one or other


def _node(data: bytes, names: Mapping[int, str]) -> Node:
    """Read a cel.expr.Expr: its number, and one of seven kinds."""
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
    """Return the fields of a protocol buffer by number: whole numbers, and bytes of all else."""
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
                raise ExpressionError(f"CEL gives a tree that cannot be read (wire type {other})")
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
