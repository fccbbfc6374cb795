"""What a mapping makes of a delivery."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from pipeline.model.dead_letter import Invalid
from pipeline.model.event import Event


class Remembered(NamedTuple):
    """A value to be kept under a kind and a key."""

    kind: str
    key: str
    value: str


class Request(NamedTuple):
    """What the API of a source is to be asked for, with GET.

    `retried`: where nothing is there, it may come yet.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    retried: bool = True


class Answer(NamedTuple):
    """What the API answered; `body` is parsed JSON, None where nothing is there."""

    body: Any


Fetched: TypeAlias = Mapping[Request, Answer]
"""What was fetched so far."""
Recall: TypeAlias = Callable[[str, str], str | None]
"""Answers for a kind and a key what was remembered."""


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
