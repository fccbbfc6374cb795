"""The outcome of mapping a delivery."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event


class Memory(NamedTuple):
    """The name of a memory: a kind, such as `ticket`, and a key within it."""

    kind: str
    key: str


class Remembered(NamedTuple):
    """A value to be remembered."""

    memory: Memory
    value: str


class Lacking(Invalid):
    """A field is missing; any of the memories `missed` would supply it."""

    def __init__(self, detail: str, missed: Iterable[Memory]) -> None:
        super().__init__(Reason.MISSING_FIELD, detail)
        self.missed = tuple(missed)


class Request(NamedTuple):
    """A GET request to the API of a source.

    `retried`: a missing resource may come yet.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    retried: bool = True


class Answer(NamedTuple):
    """An answer of the API; `body` is parsed JSON, None if the resource does not exist.

    `problem` says why there was no answer.
    """

    body: Any
    problem: str = ""


Fetched: TypeAlias = Mapping[Request, Answer]
"""The answers fetched so far."""
Recall: TypeAlias = Callable[[str, str], str | None]
"""Returns the memory of a kind and key, or None."""


def nothing_remembered(_kind: str, _key: str) -> None:
    """Return None: nothing is remembered."""


@dataclass
class Draft:
    """The results of the things of a delivery so far.

    `ignored` has reasons, `unmapped` the kinds unknown to the mapping. If requests are `wanted`,
    nothing else counts yet: the delivery is mapped again with the fetched answers.
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
        """The missing memories that caused refusals; once one exists, the mapping is repeated."""
        lacking = (refusal for refusal in self.refused if isinstance(refusal, Lacking))
        return tuple(dict.fromkeys(memory for refusal in lacking for memory in refusal.missed))
