"""A connection: a configured source of a system."""

from collections.abc import Mapping
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
        try:
            read["questions"] = msgspec.convert(read["questions"], dict[str, Question])
        except msgspec.ValidationError as error:
            raise ConnectionInvalid(f"questions: {error}") from None
        for key, question in read["questions"].items():
            if reason := question.flaw(read["questions"]):
                raise ConnectionInvalid(f"questions: `{key}`: {reason}")
    return Connection(name, system, read)
