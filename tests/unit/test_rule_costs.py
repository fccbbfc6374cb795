"""Rules cannot hurt: what is too dear is refused, and what fails all the same fails alone."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection import compiled, rule
from pipeline.detection.customer import Arrival, apply, state_digest
from pipeline.detection.expression import STEPS, most_steps, tree_of
from pipeline.detection.rule_file import LARGEST_FILE, RuleSource
from pipeline.detection.rules import RuleBook, RuleError, RuleSet, load_rules
from pipeline.model.reading import Scored

RULE = """\
name: {name}
description: A message that says something.
condition: |
  {condition}
weight: 0.5
alert: {{severity: high, title: {{tr: Konu, en: Matter}}, playbook: {{tr: Ara., en: Call.}}}}
fixtures:
  fires:
    - - {{type: message, text: Alo}}
  silent:
    - - {{type: survey}}
"""
TEN = str(list(range(10)))


def loops(depth: int, over: str = TEN) -> str:
    return "".join(f"{over}.all(v{n}, " for n in range(depth)) + "true" + ")" * depth


def growing(times: int, start: str) -> str:
    """A text or list that doubles each time; each time is one round of a loop."""
    names = [start, *(f"v{n}" for n in range(times))]
    opened = "".join(f"[{names[n]} + {names[n]}].all({names[n + 1]}, " for n in range(times))
    return f"{opened}{names[times]}.size() > 0{')' * times}"


def folder_of(folder: Path, **conditions: str) -> Path:
    for name, condition in conditions.items():
        text = RULE.format(name=name, condition=condition)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def message(event_id: str, **fields: object) -> Scored:
    """A message like the fixture's; the events of a customer follow each other by their ids."""
    scored = load_rules(ROOT / "rules").by_cause["furious_message"].fires[0][0]
    event = msgspec.structs.replace(scored.event, event_id=event_id, **fields)
    return msgspec.structs.replace(scored, event=event)


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
        ("event.brand.matches(event.product)", "write out the regular expression"),
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


def fired(rules: RuleSet, scored: Scored) -> set[str]:
    state, _ = apply(None, [Arrival(scored, 0, 0)], rules, DetectSettings())
    return set(state.head.fired)


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


@pytest.fixture
def without_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let conditions pass that CEL gives up on, as one would that the bound does not foresee."""
    monkeypatch.setattr(compiled, "STEPS", 10**9)
    monkeypatch.setattr(rule, "STEPS", 10**9)


@pytest.mark.usefixtures("without_a_bound")
def test_a_rule_that_fails_on_its_own_fixtures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"poison\.yaml:4: .* own fixtures: .*budget exceeded"):
        load_rules(folder_of(tmp_path, poison=loops(5)))


POISON = f'event.has_text && (event.brand != "x" || {loops(5)})'


@pytest.mark.usefixtures("without_a_bound")
def test_a_rule_that_fails_on_an_event_does_not_hold_there_and_is_named(tmp_path: Path) -> None:
    rules = load_rules(folder_of(tmp_path, a_good="event.has_text", poison=POISON, z="true"))
    assert fired(rules, message("e1")) == {"a_good", "poison", "z"}
    assert rules.failed == {}
    for number in range(3):
        assert fired(rules, message(f"x{number}", brand="x")) == {"a_good", "z"}
    assert rules.failed.keys() == {"poison"}
    assert "budget" in rules.failed["poison"]
    assert fired(rules, message("e2")) == {"a_good", "poison", "z"}


@pytest.mark.usefixtures("without_a_bound")
def test_what_failed_before_changes_nothing_of_a_replay(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, good="event.has_text", poison=POISON)
    arrivals = [Arrival(message(f"e{n}", brand="x" if n % 3 == 1 else "y"), 0, n) for n in range(9)]
    whole = load_rules(folder)
    state, at_once = apply(None, arrivals, whole, DetectSettings())
    one_by_one, alerts = None, []
    for arrival in arrivals:
        fresh = load_rules(folder)  # another worker, which knows of no failure
        one_by_one, some = apply(one_by_one, [arrival], fresh, DetectSettings())
        alerts += some
    assert one_by_one
    assert state_digest(one_by_one) == state_digest(state)
    assert alerts == at_once


def linked(folder: Path) -> None:
    (folder / "a.yaml").symlink_to("a.yaml")


def aliases(folder: Path) -> None:
    """Write five lists, each of nine times the one before."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcd", "bcde", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    (folder / "a.yaml").write_text("\n".join(lines))


def written(content: str | bytes) -> Callable[[Path], None]:
    encoded = content.encode() if isinstance(content, str) else content

    def write(folder: Path) -> None:
        (folder / "a.yaml").write_bytes(encoded)

    return write


AGES = "\n      - ".join(["{type: visit, after: 9999d}"] * 400)
PIECES = (
    "!!float x",
    ".inf",
    "1e999",
    "0x" + "f" * 40,
    "- " * 20,
    "? ",
    "<<: {}",
    "2026-99-99",
    "|2",
)
GOOD = RULE.format(name="good", condition="event.has_text")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: (folder / "a.yaml").mkdir(), "is no file"),
        (lambda folder: os.mkfifo(folder / "a.yaml"), "is no file"),
        (lambda folder: (folder / "a.yaml").symlink_to("/dev/zero"), "is no file"),
        (linked, "cannot be read: Too many levels"),
        (lambda folder: (folder / "a.yaml").symlink_to("b"), "cannot be read: No such file"),
        (lambda folder: folder.rmdir(), "cannot be read: No such file"),
        (written(b"#" * (LARGEST_FILE + 1)), "a rule has at most 65,536"),
        (aliases, r"a\.yaml:2: .*aliases"),
        (written("a: &a [*a]"), r"a\.yaml:1: .*aliases"),
        (written("[" * 20_000), "nested too deeply"),
        (written(GOOD.replace("tr: Konu", 'tr: "\\ud83d"')), "surrogate"),
        (written(GOOD.replace("{type: survey}", AGES)), "beyond the year 9999"),
        (written(GOOD.replace("weight: 0.5", "weight: .nan")), "weight: Expected"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_rule_is_refused_in_words(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    make(tmp_path)
    with pytest.raises(RuleError, match=reason):
        load_rules(tmp_path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_file_it_is_a_rule_or_refused_in_words(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 30)))
    piece = data.draw(st.one_of(st.text(max_size=12), st.sampled_from(PIECES)))
    with suppress(RuleError):
        RuleSource(Path("a.yaml"), (GOOD[:start] + piece + GOOD[end:]).encode(errors="replace"))


def test_rules_that_go_and_come_back_are_the_same_ones(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    book = RuleBook(folder_of(folder, good="event.has_text"))
    good = book.rules
    folder.rename(tmp_path / "away")
    assert "cannot be read" in str(book.reload())
    assert book.rules is good
    (tmp_path / "away").rename(folder)
    assert book.reload() is None
    assert book.rules is good
    assert book.refused is None


def test_who_only_shows_what_rules_say_does_without_until_there_are_good_ones(
    tmp_path: Path,
) -> None:
    folder_of(tmp_path, bad="1")
    book = RuleBook(tmp_path, demanded=False)
    assert "bad.yaml" in str(book.refused)
    assert fired(book.rules, message("e1")) == set()
    folder_of(tmp_path, bad="event.has_text")
    assert book.reload() is None
    assert fired(book.rules, message("e1")) == {"bad"}


def test_rules_that_were_refused_are_not_looked_at_again_until_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = RuleBook(folder_of(tmp_path, good="event.has_text"))
    folder_of(tmp_path, bad="1")
    refused = book.reload()
    assert refused is not None
    monkeypatch.setattr("pipeline.detection.rules._load", lambda _: pytest.fail("looked again"))
    assert book.reload() is refused
