"""What conditions ask of a list: mostly whether it has this name or that, so the rest is alike."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.detection.expression import Node, texts_in


class Asked(NamedTuple):
    """What a condition asks of a list: whether it has each of the `names`, or how many items."""

    names: frozenset[str] = frozenset()
    counts: bool = False


def asked_of(field: str, trees: Iterable[Node]) -> Asked | None:
    """Return what conditions ask of a list, None if every item may matter to one of them.

    Understood are `"a" in field`, `field.size()` and `field.exists(x, x in ["a", "b"])`.
    """
    found = [asked for tree in trees for asked in _asked(tree, Node("field", field))]
    known = [asked for asked in found if asked]
    if len(known) < len(found):
        return None
    names = frozenset[str]().union(*[asked.names for asked in known])
    return Asked(names, any(asked.counts for asked in known))


def _asked(node: Node, field: Node) -> Iterator[Asked | None]:
    if node == field:
        yield None
    elif node.kind == "call" and node.name == "@in" and node.parts[1:] == (field,):
        name = node.parts[0].text
        yield None if name is None else Asked(frozenset({name}))
    elif node.kind == "call" and node.name == "size" and node.parts == (field,):
        yield Asked(counts=True)
    elif node.kind == "loop" and node.parts[0] == field:
        yield _of_exists(node)
    else:
        for part in node.parts:
            yield from _asked(part, field)


def _of_exists(loop: Node) -> Asked | None:
    """Return what a macro asks if it is `exists(x, x in ["a", "b"])`."""
    item, total = (Node("variable", name) for name in loop.variables)
    match loop.parts[3]:
        case Node("call", "_||_", parts=(first, Node("call", "@in", parts=(one, literals)))) if (
            first,
            one,
        ) == (total, item) and literals.kind == "list":
            written = all(part.text is not None for part in literals.parts)
            return Asked(frozenset(texts_in(literals))) if written else None
    return None
