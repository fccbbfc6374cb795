"""A connection: a configured source of a system."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pipeline.connectors.survey import Question


class ConnectionInvalid(Exception):  # noqa: N818 - a verdict on a setting
    """A setting of a connection is wrong; the message names it."""


class Connection(msgspec.Struct, frozen=True):
    """A configured source of a system.

    `scope` is the prefix of its ids: connections whose systems use the same numbers need different
    scopes. `settings` are those that the mapping declares, including secrets.
    """

    name: str
    system: str
    settings: dict[str, Any] = {}

    @property
    def scope(self) -> str:
        """The prefix of its ids."""
        return str(self.settings.get("scope") or self.system)

    @property
    def names(self) -> dict[str, Any]:
        """The names that expressions may read."""
        return {"connection": self.settings, "scope": self.scope}


def connection_of(name: str, system: str, settings: Mapping[str, Any]) -> Connection:
    """Return a connection with parsed settings. Raises ConnectionInvalid."""
    read = dict(settings)
    if "questions" in read:
        for _, reason in question_flaws(read["questions"]):
            raise ConnectionInvalid(reason)
        read["questions"] = {
            str(key): msgspec.convert(value, Question) for key, value in read["questions"].items()
        }
    return Connection(name, system, read)


def question_flaws(questions: object) -> Iterator[tuple[str, str]]:
    """Yield the place of each flaw in the setting `questions`, and what it is."""
    if not isinstance(questions, dict):
        yield "questions", "questions: must be questions by name, as {q1: {metric: nps}}"
        return
    for key, value in questions.items():
        try:
            reason = msgspec.convert(value, Question).flaw(questions)
        except msgspec.ValidationError as error:
            reason = str(error)
        if reason:
            yield f"questions.{key}", f"questions: `{key}`: {reason}"
