"""Detection rules: loaded from rules/*.yaml, compiled and type-checked before any event comes."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cel_expr_python import cel

from pipeline.detection.entry import SECOND
from pipeline.detection.facts import FIELDS, Moment
from pipeline.detection.rule import STRING, Get, Rule, Stage
from pipeline.detection.rule_file import RuleError, RuleForm, RuleSource
from pipeline.durations import duration
from pipeline.event import EventType

__all__ = ["Rule", "RuleBook", "RuleError", "RuleSet", "load_rules"]


_CEL_TYPES = {
    "string": cel.Type.STRING,
    "double": cel.Type.DOUBLE,
    "int": cel.Type.INT,
    "bool": cel.Type.BOOL,
    "list(string)": cel.Type.List(cel.Type.STRING),
}
_ABSENT: dict[str, str | float | bool] = {"string": "", "double": float("nan"), "bool": False}
_FIELD = re.compile(r"\b(?:event|reading|customer)\.\w+(?:\.\w+)?")


class RuleSet:
    """Rules that belong together; `version` changes with any change of their files.

    Rules that read `customer.risk` are a second stage, evaluated once the weights of the first
    are added. Within a stage reliefs come last.
    """

    def __init__(
        self, rules: Sequence[Rule], env: cel.Env, attributes: dict[str, str], version: str
    ) -> None:
        self.version = version
        self.rules = tuple(sorted(rules, key=lambda rule: (rule.is_relief, rule.name)))
        self.attributes = tuple(sorted(attributes))
        self.by_cause = {rule.cause: rule for rule in reversed(self.rules) if rule.cause}
        getters = {name: field.get for name, field in FIELDS.items()} | {
            f"event.attributes.{name}": _attribute(name, type_)
            for name, type_ in attributes.items()
        }
        stages: dict[tuple[str, ...], Stage] = {}

        def stage(rules: tuple[Rule, ...]) -> Stage:
            names = tuple(rule.name for rule in rules)
            if names not in stages:
                stages[names] = Stage(rules, getters, env)
            return stages[names]

        early = [rule for rule in self.rules if "customer.risk" not in rule.fields]
        late = [rule for rule in self.rules if "customer.risk" in rule.fields]
        self.stages: dict[str, tuple[Stage, ...]] = {
            type_.value: tuple(
                stage(mine) for rules in (early, late) if (mine := _looking_at(type_, rules))
            )
            for type_ in EventType
        }


class RuleBook:
    """The rules in force. A bad set is refused and the last good one stays."""

    def __init__(self, folder: Path) -> None:
        """Load the folder. Raises RuleError."""
        self._folder = folder
        self.rules = load_rules(folder)

    def reload(self) -> RuleError | None:
        """Take the rules as they are in the folder now, or return why they are refused."""
        try:
            if _version(_read(self._folder)) != self.rules.version:
                self.rules = load_rules(self._folder)
        except RuleError as error:
            return error
        return None


def load_rules(folder: Path) -> RuleSet:
    """Load every `*.yaml` of a folder. Raises RuleError at the first fault."""
    files = _read(folder)
    sources = [RuleSource(path, content) for path, content in files.items()]
    attributes = _attributes(sources)
    env = cel.NewEnv(
        variables={name: _CEL_TYPES[field.type] for name, field in FIELDS.items()}
        | {f"event.attributes.{name}": _CEL_TYPES[type_] for name, type_ in attributes.items()}
    )
    rules: dict[str, Rule] = {}
    for source in sources:
        rule = _compile(source, env)
        if rule.name in rules:
            raise source.error("$.name", f"there is another rule named `{rule.name}`")
        rules[rule.name] = rule
    causes = {rule.cause for rule in rules.values()}
    for source in sources:
        closes = source.form.relief.closes if source.form.relief else ()
        for index, cause in enumerate(closes):
            if cause not in causes:
                where = f"$.relief.closes[{index}]"
                raise source.error(where, f"no rule opens alerts of the cause `{cause}`")
    return RuleSet(list(rules.values()), env, attributes, _version(files))


def _read(folder: Path) -> dict[Path, bytes]:
    try:
        files = {path: path.read_bytes() for path in sorted(folder.glob("*.yaml"))}
    except OSError as error:
        raise RuleError(Path(error.filename), 1, f"cannot be read: {error.strerror}") from error
    if not files:
        raise RuleError(folder, 1, "the folder has no rule (*.yaml)")
    return files


def _version(files: Mapping[Path, bytes]) -> str:
    digest = hashlib.sha256()
    for path, content in files.items():
        digest.update(path.name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12]


def _attributes(sources: Iterable[RuleSource]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for source in sources:
        for name, type_ in source.form.attributes.items():
            if attributes.setdefault(name, type_) != type_:
                reason = f"another rule says that `{name}` is a {attributes[name]}"
                raise source.error(f"$.attributes.{name}", reason)
    return attributes


def _compile(source: RuleSource, env: cel.Env) -> Rule:
    form = source.form
    _check_effect(source, form)
    try:
        program = env.compile(form.condition)
    except RuntimeError as error:
        raise _cel_error(source, str(error)) from error
    if (type_ := program.return_type()) != cel.Type.BOOL:
        raise source.condition_error(f"the condition is a {type_.name()}, it must be a bool", 1)
    fields = frozenset(_FIELD.findall(STRING.sub("", form.condition)))
    if "customer.risk" in fields and form.weight:
        reason = "a rule that reads `customer.risk` cannot add to it: drop the weight"
        raise source.error("$.weight", reason)
    alert, relief = form.alert, form.relief
    return Rule(
        name=form.name,
        condition=form.condition,
        program=program,
        fields=fields,
        words=frozenset(word[1:-1] for word in STRING.findall(form.condition)),
        weight=form.weight,
        cool_down=int(duration(form.cool_down).total_seconds()) * SECOND,
        cause=(alert.cause or form.name) if alert else None,
        severity=alert.severity if alert else "low",
        titles={"tr": alert.title.tr, "en": alert.title.en} if alert else {},
        playbooks={"tr": alert.playbook.tr, "en": alert.playbook.en} if alert else {},
        relief=relief.load if relief else 0.0,
        closes=relief.closes if relief else (),
        events=frozenset(form.events),
        fires=source.fires,
        silent=source.silent,
    )


def _check_effect(source: RuleSource, form: RuleForm) -> None:
    if form.relief and (form.alert or form.weight):
        raise source.error("$.relief", "a rule either raises the risk or relieves it, not both")
    if form.relief and not (form.relief.load or form.relief.closes):
        raise source.error("$.relief", "the relief does nothing: give `load` or `closes`")
    if not (form.relief or form.alert or form.weight):
        raise source.error("$.name", "the rule does nothing: give `weight`, `alert` or `relief`")


def _cel_error(source: RuleSource, message: str) -> RuleError:
    """Return the first line of CEL's message, at its place in the file."""
    found = re.search(r"<input>:(\d+):(\d+): (.*)", message)
    line, column, reason = (int(found[1]), int(found[2]), found[3]) if found else (1, 1, message)
    if "undeclared reference to 'event.attributes." in reason:
        reason += "; declare it under `attributes:`"
    elif "undeclared reference" in reason:
        reason += "; docs/rules.md lists the fields"
    elif re.search(r"\((double, int|int, double)\)", reason):
        reason += "; write the number as 2.0 beside a double and as 2 beside an int"
    return source.condition_error(f"condition, column {column}: {reason}", line)


def _looking_at(type_: EventType, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if not rule.events or type_ in rule.events)


def _attribute(name: str, type_: str) -> Get:
    """Return the getter of an attribute: a value of another type counts as absent."""

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
