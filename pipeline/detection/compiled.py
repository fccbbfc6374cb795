"""Compiles a rule from its file, and checks its inputs, effects and cost."""

import re
from collections.abc import Mapping

from cel_expr_python import cel

from pipeline.common.durations import duration
from pipeline.detection.entry import SECOND, entry_of
from pipeline.detection.expression import (
    NAME,
    STEPS,
    TEXT,
    ExpressionError,
    Extent,
    Node,
    most_steps,
    names_in,
    patterns_in,
    texts_in,
    tree_of,
)
from pipeline.detection.facts import FIELDS
from pipeline.detection.memory import Memory, after, with_contact
from pipeline.detection.moment import Moment
from pipeline.detection.rule import Get, Rule, Stage, listed
from pipeline.detection.rule_file import RuleError, RuleForm, RuleSource
from pipeline.detection.waits import Terms
from pipeline.model.contact import PAUSES

_CEL_TYPES = {
    "string": cel.Type.STRING,
    "double": cel.Type.DOUBLE,
    "int": cel.Type.INT,
    "bool": cel.Type.BOOL,
    "list(string)": cel.Type.List(cel.Type.STRING),
}
EXTENTS = {
    name: Extent(field.most, NAME) if field.most else TEXT
    for name, field in FIELDS.items()
    if field.type in ("string", "list(string)")
}
_ABSENT: dict[str, str | float | bool] = {"string": "", "double": float("nan"), "bool": False}
_MATCH = cel.NewEnv(variables={"pattern": cel.Type.STRING}).compile("''.matches(pattern)")


def environment(attributes: Mapping[str, str]) -> cel.Env:
    """Return the CEL environment of conditions: all fields, and these attributes by type."""
    types = {name: field.type for name, field in FIELDS.items()}
    types |= {f"event.attributes.{name}": type_ for name, type_ in attributes.items()}
    return cel.NewEnv(variables={name: _CEL_TYPES[type_] for name, type_ in types.items()})


def extents(attributes: Mapping[str, str]) -> dict[str, Extent]:
    """Return the maximum sizes of fields that are texts or lists, including these attributes."""
    return EXTENTS | {
        f"event.attributes.{name}": TEXT for name, type_ in attributes.items() if type_ == "string"
    }


def compiled(source: RuleSource, env: cel.Env, attributes: Mapping[str, str]) -> Rule:
    """Compile a rule and evaluate its condition on its fixtures. Raises RuleError."""
    rule = _compile(source, env, extents(attributes))
    _try(source, rule, env, attributes)
    return rule


def getters(attributes: Mapping[str, str]) -> dict[str, Get]:
    """Return the getter of each field, including these attributes."""
    return {name: field.get for name, field in FIELDS.items()} | {
        f"event.attributes.{name}": _attribute(name, type_) for name, type_ in attributes.items()
    }


def _compile(source: RuleSource, env: cel.Env, sizes: Mapping[str, Extent]) -> Rule:
    form = source.form
    _check_effect(source, form)
    try:
        program = env.compile(form.condition)
        env.compile(listed([form.condition]))  # nested as it will be evaluated
    except RuntimeError as error:
        raise _cel_error(source, str(error)) from error
    if (type_ := program.return_type()) != cel.Type.BOOL:
        raise source.condition_error(f"the condition is a {type_.name()}, it must be a bool", 1)
    tree = tree_of(program)
    steps = _steps(source, tree, sizes)
    fields = frozenset(names_in(tree))
    if "customer.risk" in fields and form.weight:
        reason = "a rule that reads `customer.risk` cannot add to it: drop the weight"
        raise source.error("$.weight", reason)
    alert, relief = form.alert, form.relief
    title = alert.title if alert else relief.title if relief else None
    return Rule(
        name=form.name,
        condition=form.condition,
        program=program,
        tree=tree,
        fields=fields,
        words=frozenset(texts_in(tree)),
        steps=steps,
        weight=form.weight,
        cool_down=int(duration(form.cool_down).total_seconds()) * SECOND,
        cause=(alert.cause or form.name) if alert else None,
        severity=alert.severity if alert else "low",
        titles={"tr": title.tr, "en": title.en} if title else {},
        playbooks={"tr": alert.playbook.tr, "en": alert.playbook.en} if alert else {},
        in_danger=bool(alert and alert.in_danger),
        relief=relief.load if relief else 0.0,
        closes=relief.closes if relief else (),
        lost=bool(relief and relief.lost),
        events=source.events,
        fires=source.fires,
        silent=source.silent,
        waits=frozenset(form.overdue.waits if form.overdue else ()),
        patience=int(duration(form.overdue.by).total_seconds()) * SECOND if form.overdue else 0,
    )


def _steps(source: RuleSource, tree: Node, sizes: Mapping[str, Extent]) -> int:
    """Return the maximum number of steps of a condition. Raises RuleError above the limit."""
    try:
        for pattern in patterns_in(tree):
            verdict = _MATCH.eval(data={"pattern": pattern})
            if verdict.type() != cel.Type.BOOL:
                raise ExpressionError(str(verdict.plain_value()))
    except ExpressionError as error:
        raise source.condition_error(f"the condition is not allowed: {error}", 1) from None
    steps = most_steps(tree, sizes)
    if steps > STEPS:
        reason = (
            f"the condition may take {steps:,} steps on one event, {STEPS:,} are allowed: "
            "shorten its lists, regular expressions and texts, or nest fewer loops"
        )
        raise source.condition_error(reason, 1)
    return steps


def _try(source: RuleSource, rule: Rule, env: cel.Env, attributes: Mapping[str, str]) -> None:
    """Evaluate the condition on the rule's fixtures. Raises RuleError if CEL fails."""
    stage = Stage((rule,), getters(attributes), env, {})
    for case in (*rule.fires, *rule.silent):
        memory = Memory()
        for scored in case:
            entry = entry_of(scored, tuple(attributes))
            memory = with_contact(memory, entry, entry.at, PAUSES)
            moment = Moment(entry, entry.at, memory, (), 0.0, 1.0)
            try:
                rule.program.eval(stage.context(moment))
            except Exception as error:
                reason = f"the condition fails on the rule's own fixtures: {error}"
                raise source.condition_error(reason, 1) from None
            memory = after(memory, entry, entry.at, Terms())


def _check_effect(source: RuleSource, form: RuleForm) -> None:
    if form.relief and (form.alert or form.weight):
        raise source.error("$.relief", "a rule either raises the risk or relieves it, not both")
    if form.relief and not (form.relief.load or form.relief.closes):
        raise source.error("$.relief", "the relief does nothing: give `load` or `closes`")
    if not (form.relief or form.alert or form.weight):
        raise source.error("$.name", "the rule does nothing: give `weight`, `alert` or `relief`")


def _cel_error(source: RuleSource, message: str) -> RuleError:
    """Return the first line of CEL's message with its position in the file."""
    match = re.search(r"<input>:(\d+):(\d+): (.*)", message)
    line, column, reason = (int(match[1]), int(match[2]), match[3]) if match else (1, 1, message)
    if "undeclared reference to 'event.attributes." in reason:
        reason += "; declare it under `attributes:`"
    elif "undeclared reference" in reason:
        reason += "; docs/rules.md lists the fields"
    elif re.search(r"\((double, int|int, double)\)", reason):
        reason += "; write the number as 2.0 beside a double and as 2 beside an int"
    return source.condition_error(f"condition, column {column}: {reason}", line)


def _attribute(name: str, type_: str) -> Get:
    """Return the getter of an attribute; a value of another type counts as absent."""

    def get(moment: Moment) -> str | float | bool:
        value = moment.entry.attributes.get(name)
        match type_, value:
            case "string", str():
                return value
            case "bool", bool():
                return value
            case "double", int() | float() if not isinstance(value, bool):
                return float(value)
        return _ABSENT[type_]

    return get
