"""Items of lists, and entries of objects whose names the connection knows."""

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from pipeline.common.names import folded
from pipeline.connectors.language.functions.function import Function, written
from pipeline.connectors.language.path import Path, PathError
from pipeline.sources.csv_cells import plain_name


def at(value: Any, path: object) -> Any:
    """Return the value at a path within the value, as a connection names it: `cf.order_no`."""
    return None if path is None else _path(str(path)).get({"value": value})


@lru_cache(maxsize=1_024)
def _path(text: str) -> Path:
    joint = "" if text.startswith(("[", '"')) else "."
    try:
        return Path(f"value{joint}{text}", ("value",))
    except PathError as error:
        raise ValueError(f"cannot be looked up: {error}") from None


def item(value: Any, key: object) -> Any:
    """Return the entry of an object under a key with any characters."""
    return value.get(str(key)) if isinstance(value, dict) else None


def spelled(value: Any, key: object) -> Any:
    """Return the entry of an object under a name, however that is spelled: KADIKÖY, Kadıköy."""
    if not isinstance(value, dict) or key is None:
        return None
    name = folded(str(key))
    return next((entry for known, entry in value.items() if folded(known) == name), None)


def first(value: Any) -> Any:
    """Return the first item of a list, or a value that is no list itself."""
    return (value[0] if value else None) if isinstance(value, list) else value


def last(value: Any) -> Any:
    """Return the last item of a list, or a value that is no list itself."""
    return (value[-1] if value else None) if isinstance(value, list) else value


def having(value: Any, key: str, wanted: object) -> Any:
    """Return the last item of a list that has a value at a path, in whatever case."""
    items, text = (value if isinstance(value, list) else []), str(wanted).lower()
    return next((item for item in reversed(items) if str(at(item, key)).lower() == text), None)


def least(value: Any, key: str) -> Any:
    """Return the item of a list with the least text at a path, such as the earliest time."""
    items = [item for item in value if at(item, key)] if isinstance(value, list) else []
    return min(items, key=lambda item: str(at(item, key)), default=None)


def distinct(value: Any) -> Any:
    """Return the items of a list, each once."""
    return list({str(item): item for item in value}.values()) if isinstance(value, list) else value


def among(value: Any, wanted: object) -> Any:
    """Return the value if it equals `wanted` or an item of it; else None."""
    options = wanted if isinstance(wanted, list) else [wanted]
    return value if str(value) in (str(option) for option in options) else None


def given(value: Any, other: object) -> Any:
    """Return the value if another value exists, else None."""
    return None if other in (None, "") else value


def cell(value: Any, *names: object) -> Any:
    """Return the first cell of a row, among these columns, that is not empty.

    Names are compared without regard to case, Turkish letters and signs.
    """
    row = value.items() if isinstance(value, dict) else ()
    cells = {_plain_name(name): text for name, text in row if str(text).strip()}
    return next((cells[key] for name in names if (key := _plain_name(str(name))) in cells), None)


_plain_name = lru_cache(maxsize=4_096)(plain_name)


def joined(value: Any, sign: str = " ") -> str | None:
    """Return the items of a list as one text."""
    texts = value if isinstance(value, list) else [value]
    return sign.join(written(text) for text in texts if text not in (None, "")) or None


def count(value: Any) -> int | None:
    """Return the number of items of a list or object."""
    return len(value) if isinstance(value, list | dict) else None


def parsed(value: object) -> Any:
    """Return the value of a text in JSON."""
    try:
        return msgspec.json.decode(str(value))
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("is no JSON") from None


def decoded(value: object) -> str:
    """Decode a text from base64, as in messages of Pub/Sub."""
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except ValueError:
        raise ValueError("is no text in base64") from None


def scored(value: object) -> list[str]:
    """Return the names of the questions of a connection whose answers lead to events."""
    questions = value if isinstance(value, dict) else {}
    return [name for name, question in questions.items() if not question.comment_of]


FUNCTIONS: Mapping[str, Function] = {
    "at": Function(at, range(1, 2)),
    "item": Function(item, range(1, 2)),
    "spelled": Function(spelled, range(1, 2)),
    "first": Function(first),
    "last": Function(last),
    "having": Function(having, range(2, 3)),
    "least": Function(least, range(1, 2)),
    "distinct": Function(distinct),
    "among": Function(among, range(1, 2)),
    "given": Function(given, range(1, 2)),
    "cell": Function(cell, range(1, 20), of_columns=True),
    "joined": Function(joined, range(2)),
    "count": Function(count),
    "parsed": Function(parsed),
    "decoded": Function(decoded),
    "scored": Function(scored),
}
