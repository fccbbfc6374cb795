"""What a condition may cost, and that what may cost more is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection import compiled
from pipeline.detection.expression import STEPS, most_steps, tree_of
from pipeline.detection.rules import RuleError, load_rules
from tests.support.rule_folders import RULE, TEN, fired, folder_of, growing, loops, message


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (loops(4), "steps on one event"),
        (loops(6), "steps on one event"),
        (f'event.type == "survey" && {loops(5)}', "steps on one event"),
        (loops(5, "reading.intents"), "steps on one event"),
        (loops(3, "customer.open_alerts"), "steps on one event"),
        ("reading.intents.map(a, reading.intents.map(b, reading.intents.map(c, "
         "reading.intents.map(d, a + b + c + d)))).size() > 0", "steps on one event"),
        (f"{TEN}.filter(a, {loops(4)}).size() > 0", "steps on one event"),
        (f"{{1: {TEN}}}[1].exists_one(a, {loops(4)})", "steps on one event"),
        (growing(20, "event.brand"), "steps on one event"),
        (growing(20, "reading.topics"), "steps on one event"),
        ("event.brand.matches('(.{1,30}){1,30}x')", "steps on one event"),
        (f"{TEN}.all(a, event.brand.matches('[a-z]{{1,100}}'))", "steps on one event"),
        ("event.brand.matches(event.product)", "must be a literal text"),
        ("event.brand.matches('[^\\\\pL]')", "classes such as"),
        ("event.brand.matches('(')", "invalid regular expression"),
        ("(" * 31 + "true" + ")" * 31, "recursion limit"),
    ],
)  # fmt: skip
def test_a_condition_that_may_cost_too_much_is_refused_at_its_place(
    tmp_path: Path, condition: str, reason: str
) -> None:
    with pytest.raises(RuleError, match=reason) as caught:
        load_rules(folder_of(tmp_path, dear=condition))
    assert (caught.value.file.name, caught.value.line) == ("dear.yaml", 4)


@pytest.mark.parametrize("other", [False, True])
def test_a_text_among_the_attributes_is_as_long_as_texts_may_be(
    tmp_path: Path, other: bool
) -> None:
    """Also where another rule declares it."""
    declared = "attributes: {note: string}\nweight"
    dear = f"{TEN}.all(a, {TEN}.all(b, !event.attributes.note.contains(event.attributes.note)))"
    text = RULE.format(name="dear", condition=dear)
    (tmp_path / "dear.yaml").write_text(text if other else text.replace("weight", declared))
    if other:
        fair = RULE.format(name="fair", condition='event.attributes.note != "x"')
        (tmp_path / "fair.yaml").write_text(fair.replace("weight", declared))
    with pytest.raises(RuleError, match=r"dear\.yaml:4: .*steps on one event"):
        load_rules(tmp_path)


@pytest.mark.parametrize(
    "condition",
    [
        loops(3),
        "reading.intents.all(a, reading.topics.all(b, a != b))",
        "customer.open_alerts.all(a, a.startsWith('late'))",
        "event.brand.matches('^[a-zçğıöşü]{0,40}$')",
        growing(5, "event.channel"),
    ],
)
def test_what_conditions_are_written_for_is_within_the_budget(
    tmp_path: Path, condition: str
) -> None:
    rules = load_rules(folder_of(tmp_path, fair=f'event.type == "message" && {condition}'))
    assert fired(rules, message("e1")) == {"fair"}


LISTS = st.recursive(
    st.sampled_from([TEN, "[1]", "reading.intents.map(i, i.size())", f"({TEN} + {TEN})"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} + {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}.map(x, {two[1]}.size())"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}.filter(x, {two[1]}.all(y, y >= 0))"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}.exists(x, x > 3) ? {two[1]} : [2])"),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(items=LISTS)
def test_what_is_within_the_budget_is_evaluated_to_its_end(items: str) -> None:
    env = compiled.environment({})
    try:
        program = env.compile(f"{items}.all(x, x >= 0)")
    except RuntimeError:  # nested more deeply than CEL reads
        return
    if most_steps(tree_of(program), compiled.EXTENTS) <= STEPS:
        verdict = program.eval(data={"reading.intents": ["i" * 50] * 8})
        assert isinstance(verdict.plain_value(), bool)


def test_many_dear_rules_do_not_use_up_each_others_budget(tmp_path: Path) -> None:
    dear = {f"rule{n}": f"event.has_text && {loops(3)}" for n in range(12)}
    rules = load_rules(folder_of(tmp_path, **dear))
    assert fired(rules, message("e1")) == dear.keys()
    assert rules.failed == {}


def test_more_rules_than_one_program_may_hold_are_taken(tmp_path: Path) -> None:
    long = {f"rule{n}": f'event.has_text && event.brand != "{"x" * 900}"' for n in range(120)}
    assert fired(load_rules(folder_of(tmp_path, **long)), message("e1")) == long.keys()
