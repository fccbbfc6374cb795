"""What a mapping makes of a delivery."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event


class Memory(NamedTuple):
    """What something is remembered as: a kind, such as `ticket`, and a key within it."""

    kind: str
    key: str


class Remembered(NamedTuple):
    """A value to be kept in memory."""

    memory: Memory
    value: str


class Lacking(Invalid):
    """A field is missing; any of the memories `missed` would have had it."""

    def __init__(self, detail: str, missed: Iterable[Memory]) -> None:
        super().__init__(Reason.MISSING_FIELD, detail)
        self.missed = tuple(missed)


class Request(NamedTuple):
    """What the API of a source is to be asked for, with GET.

    `retried`: where nothing is there, it may come yet.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    retried: bool = True


class Answer(NamedTuple):
    """What the API answered; `body` is parsed JSON, None where nothing is there.

    `problem` says why there was no answer.
    """

    body: Any
    problem: str = ""


Fetched: TypeAlias = Mapping[Request, Answer]
"""What was fetched so far."""
Recall: TypeAlias = Callable[[str, str], str | None]
"""Answers for a kind and a key what was remembered."""


def nothing_remembered(_kind: str, _key: str) -> None:
    """Answer as where nothing was remembered."""


@dataclass
class Draft:
    """What the things of a delivery led to so far.

    `ignored` has reasons, `unmapped` the kinds of what the mapping does not know. Where something
    is `wanted`, nothing else counts yet: the delivery is mapped again with what was fetched.
    """

    events: list[Event] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    refused: list[Invalid] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    remembered: list[Remembered] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    wanted: list[Request] = field(default_factory=list)

    @property
    def missed(self) -> tuple[Memory, ...]:
        """The memories for want of which something was refused: once one is there, map again."""
        lacking = (refusal for refusal in self.refused if isinstance(refusal, Lacking))
        return tuple(dict.fromkeys(memory for refusal in lacking for memory in refusal.missed))
