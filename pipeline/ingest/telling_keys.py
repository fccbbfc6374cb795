"""What the keys of objects and the fields of forms tell of their values, and the masks of these."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

from pipeline.common.plain_text import bare

Kind = Literal["contact", "name", "address", "secret"]


class _Pairs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    names: Sequence[str]
    values: frozenset[str]


class _TellingKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`telling_keys.yaml`."""

    kinds: Mapping[Kind, Sequence[str]]
    things: Sequence[str]
    pairs: _Pairs


_KEYS = msgspec.yaml.decode(
    files(__package__).joinpath("telling_keys.yaml").read_bytes(), type=_TellingKeys
)
_CAMEL = re.compile(r"(?<=[^\W\d_A-ZÇĞİÖŞÜ])(?=[A-ZÇĞİÖŞÜ])")
_WORD = re.compile(r"[^\W\d_]+")
LONGEST = 100
"""Characters of a key; what is longer is none."""


@lru_cache(maxsize=4_096)
def kind_of(key: str) -> Kind | None:
    """Return what a key tells of its value, None where that may be anything."""
    words = [bare(word) for word in _WORD.findall(_CAMEL.sub(" ", key[:LONGEST]))]
    for first in range(len(words)):
        if (ending := "".join(words[first:])) in _KINDS:
            return _KINDS[ending]
    return None


def kinds_in(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any, Kind | None]]:
    """Yield the entries of an object with what is told of their values, by a name beside it too."""
    named = (fields.get(name) for name in _KEYS.pairs.names)
    said, kind = next(
        (
            (one, kind)
            for one in named
            if isinstance(one, str) and not one.startswith("[") and (kind := kind_of(one))
        ),
        (None, None),
    )
    for key, value in fields.items():
        if kind and key in _KEYS.pairs.values:
            yield key, value, kind
        else:
            yield key, value, None if kind and value == said else kind_of(key)


_MARKS: Mapping[Kind, str] = {
    "contact": "PHONE",
    "name": "NAME",
    "address": "ADDRESS",
    "secret": "SECRET",
}
_CONTACT = re.compile(r"@|\+?\d(?<!\d.)(?!\d{3}-\d\d-\d\d)(?:[ \u00a0+().\-/]{0,3}\d){6}")
"""An e-mail address, or the seven digits that the shortest phone numbers have; no date."""
_KEY = re.compile(r"""(?<!\w)(\w[\w .-]{0,63})\\*["']?\s{0,3}[:=]\s{0,3}(\\*"?)""")
"""A key in what is no JSON, and how its value begins: `"key": "value"`, `key=value`."""
_VALUES = {
    True: re.compile(r'(?:[^"\\]|\\[^"])+'),
    False: re.compile(r'[^,;&{}\[\]\n"]+'),
}
"""Values, whether they are in quotes or not."""
_LONGEST_CONTACT = 256


def mask(mark: str, length: int) -> str:
    """Return a mask, of a length if that is long enough for its mark."""
    return f"[{mark.ljust(length - 2, '*')}]"


def masked_as(kind: Kind, text: str) -> str | None:
    """Return the mask of a text of some kind, None where there is nothing to mask."""
    if not text or (kind == "contact" and not _CONTACT.search(text)):
        return None
    return mask(_MARKS[kind], len(text))


def with_masked_values(text: str) -> str:
    """Return a text with the values masked of which a key before them tells."""
    pieces: list[str] = []
    end_of_last = 0
    for key in _KEY.finditer(text):
        kind = kind_of(key[1]) if key.start() >= end_of_last else None
        end = key.end() + _LONGEST_CONTACT if kind == "contact" else len(text)
        value = _VALUES[bool(key[2])].match(text, key.end(), end) if kind else None
        if kind and value and (masked := masked_as(kind, value[0])):
            pieces += text[end_of_last : value.start()], masked
            end_of_last = value.end()
    return "".join(pieces) + text[end_of_last:]


def _joined(key: str) -> str:
    return "".join(_WORD.findall(bare(key)))


_KINDS: Mapping[str, Kind | None] = {
    **{_joined(key): kind for kind, keys in _KEYS.kinds.items() for key in keys},
    **dict.fromkeys(map(_joined, _KEYS.things)),
}
