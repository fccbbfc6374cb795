"""Parses rules/*.yaml with line numbers."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta

from pipeline.common.durations import Duration, duration
from pipeline.model.alert import Severity
from pipeline.model.event import USUAL_SCALES, Event
from pipeline.model.event_types import GROUPS, EventType
from pipeline.model.reading import Intent, Label, Level, Probabilities, Reading, Scored, Topic

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,49}$")]
Sentence = Annotated[str, Meta(min_length=1, max_length=1_000)]

LARGEST_FILE = 65_536
"""Maximum size of a rule file, in bytes."""

_FIXTURE_START = datetime(2026, 1, 5, 9, tzinfo=UTC)


class RuleError(Exception):
    """A rule is invalid; `str()` is `file:line: reason`, lines count from 1."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        shown = os.fsencode(file).decode(errors="replace")
        super().__init__(f"{shown}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in the languages of alerts."""

    tr: Sentence
    en: Sentence


class AlertForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Opens an alert. `cause` defaults to the rule's name; several rules may share one."""

    severity: Severity
    title: Texts
    playbook: Texts
    cause: Name | None = None


class ReliefForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reduces every rule's load by `load` (a share) and closes the alerts of these causes.

    `title` tells users why the alerts ended.
    """

    load: Annotated[float, Meta(ge=0, le=1)] = 0.0
    closes: tuple[Name, ...] = ()
    title: Texts | None = None


Case = Annotated[tuple[dict[str, Any], ...], Meta(min_length=1)]


class FixturesForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cases: events of a customer in order, of which the last must, or must not, fire."""

    fires: Annotated[tuple[Case, ...], Meta(min_length=1)]
    silent: Annotated[tuple[Case, ...], Meta(min_length=1)]


class RuleForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a rule file; see docs/rules.md."""

    name: Name
    description: Sentence
    condition: Sentence
    fixtures: FixturesForm
    events: tuple[str, ...] = ()
    attributes: dict[str, Literal["string", "double", "bool"]] = {}
    weight: Annotated[float, Meta(ge=0, le=10)] = 0.0
    cool_down: Duration = "0s"
    alert: AlertForm | None = None
    relief: ReliefForm | None = None


class _Loader(yaml.SafeLoader):
    """Reads YAML in UTF-8 without aliases, which can expand without bound."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.peek_event()  # type: ignore[no-untyped-call]
            raise _no_yaml("aliases (*name) are not allowed in rules", alias.start_mark)
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode) and any("\ud800" <= c <= "\udfff" for c in node.value):
            raise _no_yaml("a lone surrogate is not a character", node.start_mark)
        return node


def _no_yaml(problem: str, mark: yaml.Mark | None) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


class RuleSource:
    """A rule file: its form, and the line of each part."""

    def __init__(self, path: Path, content: bytes) -> None:
        """Parse the content of the file. Raises RuleError."""
        self.path = path
        try:
            self.text = content.decode()
            loader = _Loader(self.text)
            node = loader.get_single_node()
            data = None if node is None else loader.construct_document(node)
        except RecursionError:
            raise RuleError(path, 1, "not YAML of a rule: it is nested too deeply") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise RuleError(path, line, f"not YAML: {error.problem}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise RuleError(path, 1, f"not YAML in UTF-8: {error}") from error
        self._lines: dict[str, int] = {}
        if node is not None:
            for where, line in _lines(node, "$"):
                if where in self._lines:
                    raise RuleError(path, line, f"`{where[2:]}` is given twice")
                self._lines[where] = line
        self.form = self._convert(data, RuleForm, "$")
        self.events = frozenset(self._events())
        self.fires = self._cases("fires", self.form.fixtures.fires)
        self.silent = self._cases("silent", self.form.fixtures.silent)

    def error(self, where: str, reason: str) -> RuleError:
        """Return the error at a path such as `$.alert.title`, or at its parent."""
        while where and where not in self._lines:
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
        return RuleError(self.path, self._lines.get(where, 1), reason)

    def condition_error(self, reason: str, line: int) -> RuleError:
        """Return the error in a line of the condition; lines count from 1."""
        # The text of a block (`condition: |`) begins on the line after the key.
        key = self._lines["$.condition"]
        block = re.search(r"^condition:\s*[|>]", self.text, re.MULTILINE)
        return RuleError(self.path, key + line - (0 if block else 1), reason)

    def _convert(self, data: Any, type_: Any, root: str) -> Any:
        try:
            return msgspec.convert(data, type_, strict=True)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$")
            where = root + path.removesuffix("`")
            if unknown := re.search("unknown field `(.*)`", reason):
                where += f".{unknown[1]}"
            place = where[2:] or "the file"
            raise self.error(where, f"{place}: {reason}") from error

    def _events(self) -> Iterator[EventType]:
        """Yield the event types of the rule, groups expanded."""
        for index, name in enumerate(self.form.events):
            named = GROUPS.get(name) or [type_ for type_ in EventType if type_ == name]
            if not named:
                reason = (
                    f"`{name}` is neither an event type nor a group of them: see docs/events.md"
                )
                raise self.error(f"$.events[{index}]", reason)
            yield from named

    def _cases(self, kind: str, cases: tuple[Case, ...]) -> tuple[tuple[Scored, ...], ...]:
        return tuple(
            tuple(self._steps(f"$.fixtures.{kind}[{index}]", case))
            for index, case in enumerate(cases)
        )

    def _steps(self, where: str, case: Case) -> Iterator[Scored]:
        at = _FIXTURE_START
        for index, step in enumerate(case):
            place = f"{where}[{index}]"
            fields = {"event_id": f"e{index + 1}", "customer_id": "c", "channel": "e-mail", **step}
            later = duration(self._convert(fields.pop("after", "0s"), Duration, f"{place}.after"))
            try:
                at += later
            except OverflowError:
                raise self.error(place, "the fixture extends beyond the year 9999") from None
            form = fields.pop("reading", None)
            if unknown := sorted(set(fields) - set(Event.__struct_fields__)):
                raise self.error(f"{place}.{unknown[0]}", f"an event has no field `{unknown[0]}`")
            score = fields.get("score")
            if isinstance(score, dict) and (scale := USUAL_SCALES.get(str(score.get("metric")))):
                fields["score"] = {"scale_min": scale[0], "scale_max": scale[1], **score}
            event = self._convert({**fields, "occurred_at": at}, Event, place)
            if not event.type.is_known:
                raise self.error(f"{place}.type", f"`{event.type}` is not an event type")
            reading = self._convert(form, ReadingForm | None, f"{place}.reading")
            yield Scored(event, reading.reading(event.text or "") if reading else None, at)


class ReadingForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reading in a fixture; `certainty` is the probability of the label."""

    label: Label
    intensity: Annotated[float, Meta(ge=0, le=1)] = 0.5
    certainty: Annotated[float, Meta(ge=0, le=1)] = 0.9
    intents: tuple[str, ...] = ()
    anger: Level = 0
    urgency: Level = 0
    topics: dict[str, Label] = {}

    def reading(self, text: str) -> Reading:
        """Return the full reading; its intents and topics span the whole text."""
        rest = (1 - self.certainty) / 2
        shares = {"negative": rest, "neutral": rest, "positive": rest, self.label: self.certainty}
        intents = tuple(Intent(name, 0, len(text)) for name in self.intents)
        topics = tuple(Topic(name, label, 0, len(text)) for name, label in self.topics.items())
        return Reading(
            *(self.label, Probabilities(**shares), self.intensity, "und", "fixture", "1"),
            *(intents, self.anger, self.urgency, topics),
        )


def _lines(node: yaml.Node, where: str) -> Iterator[tuple[str, int]]:
    """Yield each path in the document with its line, counted from 1."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield f"{where}.{key.value}", key.start_mark.line + 1
            yield from _lines(value, f"{where}.{key.value}")
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{where}[{index}]", item.start_mark.line + 1
            yield from _lines(item, f"{where}[{index}]")
