"""By what of a list a verdict of rules is remembered."""

import pytest

from pipeline.detection.compiled import environment
from pipeline.detection.expression import tree_of
from pipeline.detection.membership import Asked, asked_of

ENV = environment({})


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        ('"churn" in reading.intents', Asked(frozenset({"churn"}))),
        ('!("a" in reading.intents) || "b" in reading.intents', Asked(frozenset({"a", "b"}))),
        (
            'reading.intents.exists(x, x in ["a", "b"]) && "c" in reading.acts',
            Asked(frozenset({"a", "b"})),
        ),
        ("reading.intents.size() > 2", Asked(counts=True)),
        ('size(reading.intents) == 0 || "a" in reading.intents', Asked(frozenset({"a"}), True)),
        ('reading.intents.all(x, x in ["a", "b"])', None),
        ('reading.intents.exists_one(x, x in ["a", "b"])', None),
        ('reading.intents.exists(x, !(x in ["a"]))', None),
        ('reading.intents.exists(x, x in ["a", event.brand])', None),
        ('reading.intents.exists(x, x.startsWith("a"))', None),
        ('reading.intents.exists(x, "a" in reading.intents)', None),
        ('["a"].exists(x, x in reading.intents)', None),
        ("event.brand in reading.intents", None),
        ('reading.intents == ["a"]', None),
        ('"a" in (reading.intents + reading.acts)', None),
    ],
)
def test_only_a_list_that_is_asked_for_names_is_known_by_them(
    condition: str, asked: Asked | None
) -> None:
    other = '"z" in reading.acts'
    trees = [tree_of(ENV.compile(text)) for text in (condition, other)]
    assert asked_of("reading.intents", trees) == asked


def test_what_one_of_several_conditions_needs_is_seen_of_the_list() -> None:
    conditions = ['"a" in reading.intents', "reading.intents.size() > 1"]
    trees = [tree_of(ENV.compile(text)) for text in conditions]
    assert asked_of("reading.intents", trees) == Asked(frozenset({"a"}), counts=True)
    trees.append(tree_of(ENV.compile('reading.intents == ["b"]')))
    assert asked_of("reading.intents", trees) is None
