import math
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection.entry import LogEntry, entry_of
from pipeline.detection.facts import FIELDS
from pipeline.detection.fold import Fold
from pipeline.detection.memory import Memory
from pipeline.detection.moment import Moment
from pipeline.detection.rules import Rule, RuleBook, RuleError, RuleSet, load_rules
from pipeline.detection.step import pass_time, step
from pipeline.model.event import SCALES, Metric, Score
from pipeline.model.reading import Scored
from pipeline.text.dangers import DANGERS

SHIPPED = load_rules(ROOT / "rules")

RULE = """\
name: call_of_vip
description: A call by a customer with a gold plan.
events: [call]
attributes: {plan: string}
condition: |
  event.author_type == "customer"
  && event.attributes.plan == "gold"
weight: 0.5
fixtures:
  fires:
    - - {type: call, attributes: {plan: gold}}
  silent:
    - - {type: call}
"""


def fired(rules: RuleSet, case: tuple[Scored, ...]) -> tuple[str, ...]:
    """Rules whose condition held at the last event of a case, or while time passed before it."""
    fold, settings = Fold(), DetectSettings()
    before: tuple[str, ...] = ()
    for scored in case:
        entry = entry_of(scored, rules.attributes)
        passed = pass_time(fold, entry.at - 1, rules, settings)
        before = passed.fired if passed is not fold else ()
        fold = step(passed, entry, rules, settings)
    return before + fold.fired


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.name)
def test_shipped_rule_does_what_its_fixtures_say(rule: Rule) -> None:
    for case in rule.fires:
        assert rule.name in fired(SHIPPED, case), case[-1].event
    for case in rule.silent:
        assert rule.name not in fired(SHIPPED, case), case[-1].event


def test_a_danger_is_critical_and_only_a_person_ends_it() -> None:
    dangers = {rule.cause for rule in SHIPPED.rules if rule.in_danger}
    assert dangers == DANGERS
    for rule in SHIPPED.rules:
        assert not dangers & {*rule.closes}
        assert rule.severity == "critical" or rule.cause not in dangers
        assert not (rule.in_danger and rule.weight)  # it says nothing of leaving


@pytest.mark.parametrize("metric", [Metric.NPS, Metric.CSAT, Metric.CES])
def test_the_rule_of_bad_scores_takes_those_that_are_bad(metric: Metric) -> None:
    rule = SHIPPED.by_cause["dissatisfied_score"]
    answer = rule.fires[0][0]
    low, high = SCALES[metric]
    for value in (low + half / 2 for half in range(int(high - low) * 2 + 1)):
        score = Score(metric, value, low, high)
        said = replace(answer, event=replace(answer.event, score=score))
        assert (rule.name in fired(SHIPPED, (said,))) == score.is_bad, value


def load(folder: Path, **files: str) -> RuleSet:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_rules(folder)


def test_a_declared_attribute_can_be_read(tmp_path: Path) -> None:
    rules = load(tmp_path, a=RULE)
    assert fired(rules, rules.rules[0].fires[0]) == ("call_of_vip",)
    assert fired(rules, rules.rules[0].silent[0]) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("plan ==", "plam ==", 7, "undeclared reference to 'event.attributes.plam'"),
        ("event.author_type", "event.autor", 6, "undeclared reference to 'event.autor'"),
        ("event.author_type", "author", 6, "undeclared reference to 'author'"),
        ('== "gold"', "> 3", 7, r"no matching overload for '_>_' applied to '\(string, int\)'"),
        ('== "gold"', "==", 8, "Syntax error"),
        (
            'event.author_type == "customer"\n  && event.attributes.plan == "gold"',
            "reading.intensity",
            6,
            "must be a bool",
        ),
        ("weight: 0.5", "wieght: 0.5", 8, "unknown field `wieght`"),
        ("weight: 0.5", "weight: heavy", 8, "weight: Expected `float`, got `str`"),
        ("weight: 0.5", "weight: 0", 1, "the rule does nothing"),
        ("weight: 0.5", "cool_down: soon\nweight: 1", 8, "cool_down: Expected `str` matching"),
        ("weight: 0.5", "weight: 0.5\nweight: 1", 9, "`weight` is given twice"),
        ("[call]", "[cal]", 3, "`cal` is neither an event"),
        ("  silent:\n    - - {type: call}\n", "", 9, "missing required field `silent`"),
        ("    - - {type: call}\n", "    - - {type: call, chanel: x}\n", 13, "no field `chanel`"),
        ("name: call_of_vip\n", "", 1, "missing required field `name`"),
        ("weight: 0.5", "relief: {closes: [nothing]}", 8, "no rule opens alerts of the cause"),
        ("weight: 0.5", "weight: [", 10, "not YAML"),
        ("{plan: string}", "{plan: text}", 4, "Invalid enum value 'text'"),
    ],
)
def test_a_bad_rule_is_refused_with_file_line_and_reason(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in RULE
    text = RULE.replace(old, new)
    with pytest.raises(RuleError, match=reason) as caught:
        load(tmp_path, bad=text)
    assert (caught.value.file.name, caught.value.line) == ("bad.yaml", line)
    assert str(caught.value).startswith(f"{tmp_path / 'bad.yaml'}:{line}: ")


def test_a_relief_that_closes_a_danger_is_refused(tmp_path: Path) -> None:
    said = "{tr: a, en: a}"
    alert = f"alert: {{severity: critical, in_danger: true, title: {said}, playbook: {said}}}"
    danger = RULE.replace("weight: 0.5", alert)
    relief = RULE.replace("call_of_vip", "calmed")
    with pytest.raises(RuleError, match="only a person ends a danger such as `call_of_vip`"):
        load(tmp_path, a=danger, b=relief.replace("weight: 0.5", "relief: {closes: [call_of_vip]}"))


def test_a_number_of_the_wrong_kind_is_explained(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"write the number as 2\.0 beside a double"):
        load(tmp_path, bad=RULE.replace('event.attributes.plan == "gold"', "event.score < 7"))


def test_a_condition_that_fails_on_an_event_does_not_hold(tmp_path: Path) -> None:
    failing = RULE.replace('event.attributes.plan == "gold"', "6 / customer.contacts_24h > 1")
    failing = failing.replace("[call]", "[call, visit]").replace(
        "    - - {type: call}\n", "    - - {type: visit}\n"
    )
    rules = load(tmp_path, a=failing)
    assert fired(rules, rules.rules[0].fires[0]) == ("call_of_vip",)
    assert rules.failed == {}
    assert fired(rules, rules.rules[0].silent[0]) == ()
    assert "divide by zero" in rules.failed["call_of_vip"]


def test_why_a_condition_fails_says_nothing_of_the_event(tmp_path: Path) -> None:
    key = '{"gold": 1}[event.attributes.plan] > 0'
    failing = RULE.replace('event.attributes.plan == "gold"', key)
    rules = load(tmp_path, a=failing)
    call = rules.rules[0].fires[0][0]
    secret = replace(call, event=replace(call.event, attributes={"plan": "ali's : 'secret'"}))
    assert fired(rules, (secret,)) == ()
    assert "Key not found" in rules.failed["call_of_vip"]
    assert "secret" not in rules.failed["call_of_vip"]


def test_a_condition_that_fails_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    failing = RULE.replace("call_of_vip", "failing").replace(
        'event.attributes.plan == "gold"', "6 / customer.negatives_7d > 1  // none yet"
    )
    rules = load(tmp_path, a=RULE, b=failing)
    assert fired(rules, rules.rules[0].fires[0]) == ("call_of_vip",)


NUMBERS = st.one_of(
    st.sampled_from([0.5, 0.7, 0.85, 0.0, 1.0]).flatmap(
        lambda cut: st.sampled_from([cut, math.nextafter(cut, 2), math.nextafter(cut, -1)])
    ),
    st.floats(0, 1),
)


@settings(max_examples=200, deadline=None)
@given(
    label=st.sampled_from(["negative", "positive"]),
    negative=NUMBERS,
    intensity=NUMBERS,
    score=st.one_of(st.none(), NUMBERS),
)
def test_what_is_remembered_of_a_case_is_what_its_conditions_say(
    label: str, negative: float, intensity: float, score: float | None
) -> None:
    entry = LogEntry(
        0,
        "e",
        0,
        "survey",
        "chat",
        "customer",
        label=label,
        negative=negative,
        intensity=intensity,
        metric="nps",
        score=score,
    )
    moment = Moment(entry, 0, Memory(), (), 0.0, 0.8)
    (early, _) = SHIPPED.stages("survey")
    assert early.holding(moment) == early._evaluate(moment)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(RULE.encode("utf-16"))
    with pytest.raises(RuleError, match="not YAML in UTF-8"):
        load_rules(tmp_path)


def test_a_second_rule_of_the_same_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"b\.yaml:1: there is another rule named `call_of_vip`"):
        load(tmp_path, a=RULE, b=RULE)


def test_a_rule_on_the_risk_cannot_add_to_it(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot add to it"):
        load(tmp_path, a=RULE.replace('plan == "gold"', 'plan == "gold" && customer.risk > 0.5'))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="has no rule"):
        load_rules(tmp_path)


def test_version_is_of_the_contents(tmp_path: Path) -> None:
    first = load(tmp_path, a=RULE).version
    assert load(tmp_path, a=RULE).version == first
    assert load(tmp_path, a=RULE.replace("0.5", "0.6")).version != first


def test_a_bad_set_is_refused_and_the_last_good_one_stays(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    book = RuleBook(tmp_path / "rules")
    good = book.rules
    added = tmp_path / "rules" / "added.yaml"
    added.write_text(RULE.replace("condition", "conditoin"))
    problem = book.reload()
    assert problem is not None
    assert problem.file == added
    assert book.rules is good
    added.write_text(RULE)
    assert book.reload() is None
    assert {rule.name for rule in book.rules.rules} - {rule.name for rule in good.rules} == {
        "call_of_vip"
    }


def test_the_documentation_lists_every_field() -> None:
    documented = re.findall(
        r"^\| `([a-z0-9_.]+)` \| ([a-z()]+) \|", (ROOT / "docs/rules.md").read_text("utf-8"), re.M
    )
    assert dict(documented) == {name: field.type for name, field in FIELDS.items()}
