"""Keeps fields and values of events that this version does not know.

While sources and roles are upgraded one by one, an event may have a type or a field that a newer
version added. Unknown fields become `attributes`, since those are masked, erasable, stored and
readable by rules whatever they hold: an unknown field may be personal.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from pipeline.model.event import AuthorType, Event, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.open_enum import LONGEST_VALUE, OpenEnum

Attribute = str | int | float | bool | None

_ABSENT: Final = msgspec.Raw()


def _names_of(kind: type[msgspec.Struct], **nested: Any) -> type[msgspec.Struct]:
    """Return a struct that decodes only field names and refuses unknown ones."""
    fields = [(name, nested.get(name, msgspec.Raw), _ABSENT) for name in kind.__struct_fields__]
    return msgspec.defstruct(kind.__name__, fields, forbid_unknown_fields=True)


_NAMES: Final = msgspec.json.Decoder(_names_of(Event, score=_names_of(Score) | None))
_ATTRIBUTE: Final = msgspec.json.Decoder(Attribute)
FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
"""Decodes the fields of a JSON object, each left as it was sent."""


def has_unknown_fields(value: bytes) -> bool:
    """Return whether an event may have unknown fields: fast, with no false negatives."""
    try:
        _NAMES.decode(value)
    except msgspec.DecodeError:
        return True
    return False


def with_unknown_fields(event: Event, fields: dict[str, msgspec.Raw]) -> Event:
    """Return the event with the unknown ones of its JSON `fields` as attributes.

    A field of its score is named `score.name`. A value that is not a string, number or boolean
    becomes a string of JSON. An attribute that was sent under the same name wins.
    """
    unknown = _unknown(fields, Event)
    if event.score:
        of_score = _unknown(FIELDS.decode(fields["score"]), Score)
        unknown |= {f"score.{name}": value for name, value in of_score.items()}
    if not unknown:
        return event
    return msgspec.structs.replace(event, attributes=unknown | event.attributes)


def _unknown(fields: dict[str, msgspec.Raw], kind: type[msgspec.Struct]) -> dict[str, Attribute]:
    declared = kind.__struct_fields__
    return {name: _attribute(raw) for name, raw in fields.items() if name not in declared}


def _attribute(raw: msgspec.Raw) -> Attribute:
    try:
        value = _ATTRIBUTE.decode(raw)
    except msgspec.DecodeError:
        return bytes(raw).decode()
    return value if can_be_written(value) else bytes(raw).decode()


def can_be_written(value: Attribute) -> bool:
    """Return whether a decoded value can be encoded: integers of more than 64 bits cannot."""
    return not isinstance(value, int) or -(2**63) <= value < 2**64


CHOICES: Final[Mapping[str, type[OpenEnum]]] = {
    "type": EventType,
    "author_type": AuthorType,
    "score.metric": Metric,
}
"""The fields of an event with open choices."""


def unknown_choices(event: Event) -> list[tuple[str, OpenEnum]]:
    """Return the fields of an event whose value is not a known choice, with that value."""
    unknown: list[tuple[str, OpenEnum]] = []
    if not event.type.is_known:
        unknown.append(("type", event.type))
    if not event.author_type.is_known:
        unknown.append(("author_type", event.author_type))
    if event.score and not event.score.metric.is_known:
        unknown.append(("score.metric", event.score.metric))
    return unknown


def closest(value: OpenEnum) -> str | None:
    """Return the known choice with the spelling closest to an unknown one, or None."""
    matches = get_close_matches(value[:LONGEST_VALUE].lower(), list(type(value)), n=1)
    return matches[0] if matches else None
