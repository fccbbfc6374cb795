"""Parses rules/*.yaml with line numbers."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pipeline.common.durations import Duration, duration
from pipeline.common.names import Name
from pipeline.common.yaml_source import SourceFileError, YamlSource
from pipeline.detection.wait import KINDS
from pipeline.model.alert import Severity
from pipeline.model.event import USUAL_SCALES, Event
from pipeline.model.event_types import GROUPS, EventType
from pipeline.model.reading import (
    Intent,
    Label,
    Level,
    Probabilities,
    Promise,
    Reading,
    Scored,
    Topic,
)

Sentence = Annotated[str, Meta(min_length=1, max_length=1_000)]

LARGEST_FILE = 65_536
"""Maximum size of a rule file, in bytes."""

_FIXTURE_START = datetime(2026, 1, 5, 9, tzinfo=UTC)


class RuleError(SourceFileError):
    """A rule is invalid; `str()` is `file:line: reason`, lines count from 1."""


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in the languages of alerts."""

    tr: Sentence
    en: Sentence


class AlertForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Opens an alert. `cause` defaults to the rule's name; several rules may share one.

    `in_danger` as in `Alert`.
    """

    severity: Severity
    title: Texts
    playbook: Texts
    cause: Name | None = None
    in_danger: bool = False


class ReliefForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reduces every rule's load by `load` (a share), and closes alerts of these causes or of all.

    `title` tells users why the alerts ended; `lost`: because the customer was lost.
    """

    load: Annotated[float, Meta(ge=0, le=1)] = 0.0
    closes: tuple[Name, ...] = ()
    title: Texts | None = None
    lost: bool = False


Times = Annotated[int, Meta(ge=1, le=400)]
Case = Annotated[tuple[dict[str, Any], ...], Meta(min_length=1)]


class FixturesForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cases: events of a customer in order, of which the last must, or must not, fire."""

    fires: Annotated[tuple[Case, ...], Meta(min_length=1)]
    silent: Annotated[tuple[Case, ...], Meta(min_length=1)]


class OverdueForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Judges what a customer waits for (`waits.KINDS`) in vain: `by` so long after it was due."""

    waits: Annotated[tuple[str, ...], Meta(min_length=1)]
    by: Duration


class RuleForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a rule file; see docs/rules.md."""

    name: Name
    description: Sentence
    condition: Sentence
    fixtures: FixturesForm
    events: tuple[str, ...] = ()
    overdue: OverdueForm | None = None
    attributes: dict[str, Literal["string", "double", "bool"]] = {}
    weight: Annotated[float, Meta(ge=0, le=10)] = 0.0
    cool_down: Duration = "0s"
    alert: AlertForm | None = None
    relief: ReliefForm | None = None


class RuleSource(YamlSource):
    """A rule file: its form, and the line of each part."""

    failure = RuleError

    def __init__(self, path: Path, content: bytes) -> None:
        """Parse the content of the file. Raises RuleError."""
        super().__init__(path, content)
        self.form: RuleForm = self.convert(self.data, RuleForm, "$")
        self.events = frozenset(self._events())
        self._check_overdue()
        self.fires = self._cases("fires", self.form.fixtures.fires)
        self.silent = self._cases("silent", self.form.fixtures.silent)

    def condition_error(self, reason: str, line: int) -> RuleError:
        """Return the error in a line of the condition; lines count from 1."""
        # The text of a block (`condition: |`) begins on the line after the key.
        key = self.line("$.condition")
        block = re.search(r"^condition:\s*[|>]", self.text, re.MULTILINE)
        return RuleError(self.path, key + line - (0 if block else 1), reason)

    def _check_overdue(self) -> None:
        overdue = self.form.overdue
        if overdue and self.form.events:
            raise self.error("$.events", "a rule judges either events or what is overdue, not both")
        for index, kind in enumerate(overdue.waits if overdue else ()):
            if kind not in KINDS:
                reason = f"`{kind}` is nothing that customers wait for: {', '.join(KINDS)}"
                raise self.error(f"$.overdue.waits[{index}]", reason)

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
        steps = [
            (f"{where}[{index}]", step, number)
            for index, step in enumerate(case)
            for number in range(self._times(step, f"{where}[{index}]"))
        ]
        for place, step, number in steps:
            event_id = f"e{place}/{number}"
            fields = {"event_id": event_id, "customer_id": "c", "channel": "e-mail", **step}
            fields.pop("times", None)
            later = duration(self.convert(fields.pop("after", "0s"), Duration, f"{place}.after"))
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
            event = self.convert({**fields, "occurred_at": at}, Event, place)
            if not event.type.is_known:
                raise self.error(f"{place}.type", f"`{event.type}` is not an event type")
            reading = self.convert(form, ReadingForm | None, f"{place}.reading")
            yield Scored(event, reading.reading(event.text or "") if reading else None, at)

    def _times(self, step: dict[str, Any], place: str) -> int:
        times: int = self.convert(step.get("times", 1), Times, f"{place}.times")
        return times


class PromiseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A promise of the company in a fixture, as in `Promise`."""

    what: str
    hours: float | None = None
    days: int | None = None
    weekday: int | None = None

    def promise(self, text: str) -> Promise:
        """Return the promise; it spans the whole text."""
        return Promise(self.what, self.hours, self.days, False, 0, len(text), self.weekday)


class ReadingForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reading in a fixture; `certainty` is the probability of the label."""

    label: Label
    intensity: Annotated[float, Meta(ge=0, le=1)] = 0.5
    certainty: Annotated[float, Meta(ge=0, le=1)] = 0.9
    intents: tuple[str, ...] = ()
    anger: Level = 0
    urgency: Level = 0
    topics: dict[str, Label] = {}
    promises: tuple[PromiseForm, ...] = ()
    danger_parts: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()

    def reading(self, text: str) -> Reading:
        """Return the full reading; its intents and topics span the whole text."""
        rest = (1 - self.certainty) / 2
        shares = {"negative": rest, "neutral": rest, "positive": rest, self.label: self.certainty}
        intents = tuple(Intent(name, 0, len(text)) for name in self.intents)
        topics = tuple(Topic(name, label, 0, len(text)) for name, label in self.topics.items())
        return Reading(
            *(self.label, Probabilities(**shares), self.intensity, "und", "fixture", "1"),
            *(intents, self.anger, self.urgency, topics),
            promises=tuple(promise.promise(text) for promise in self.promises),
            danger_parts=self.danger_parts,
            traits=self.traits,
        )
