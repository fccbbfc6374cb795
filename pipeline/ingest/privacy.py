"""Masks personal data in free text, found by checksum or shape, at the same length.

Masks keep length (`[IBAN******************]`), so a character offset means the same place before
and after. Known: Turkish ID numbers, IBANs, payment card numbers, phone numbers, e-mail addresses.
"""

import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from operator import attrgetter
from typing import Final

import msgspec
import yaml

from pipeline.ingest.telling_keys import (
    Kind,
    kind_of,
    kinds_in,
    mask,
    masked_as,
    with_masked_values,
)
from pipeline.model.event import Event

_IBAN_LENGTHS: Final[dict[str, int]] = yaml.safe_load(
    files("pipeline.text").joinpath("data/iban_lengths.yaml").read_bytes()
)

# A text without a match has no personal data. The search skips to the first `@` or digit.
_CANDIDATE = re.compile(
    r"""[@0-9](?:
        (?<=[\w.%+-]@)[\w-]                  # e-mail address
      | (?<=[0-9])(?:[ ().-]{0,3}[0-9]){9}    # number of a phone, a card or a person
      | (?<=\+[1-9])(?:[ ()./-]{0,2}[0-9]){7} # number of a phone abroad
      | (?:(?<=[A-Za-z]{2}[0-9])|(?<=[A-Za-z]{2}[ ][0-9]))[0-9](?:[ -]?[A-Za-z0-9]){11}  # IBAN
    )""",
    re.VERBOSE,
)
_EMAIL = re.compile(r"[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2}) ?[0-9]{2}")
_IBAN_OF_LENGTH = {
    length: re.compile(rf"[A-Za-z](?:[ -]?[A-Za-z0-9]){{{length - 1}}}(?!\w)")
    for length in set(_IBAN_LENGTHS.values())
}
_DIGIT_GROUPS = re.compile(r"(?<![\w+])[0-9]+(?:[ -][0-9]+)*(?!\w)")
_PHONE = re.compile(
    r"""(?<![\w+])(?:
        (?:\+|00)90[ .-]?\(?0?[ ]?[2-58][0-9]{2}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{2}
      | 0[ .-]?\(?[2-58][0-9]{2}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{2}
      | \(0[2-58][0-9]{2}\)[ .-]?[0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{2}
      | \(?5[0-6][0-9]\)?[ .-][0-9]{3}[ .-][0-9]{2}[ .-]?[0-9]{2}
      | (?P<bare>(?:90)?(?:50[1-7]|5[34][0-9]|55[0-59]|561)[0-9]{7})
      | \+[1-9](?:[ .()/-]{0,2}[0-9]){7,14}
    )(?!\w)""",
    re.VERBOSE,
)
_REFERENCE = re.compile(
    r"(?:sipari[şs]|order|takip|tracking|kargo|fatura|invoice|ref|#)[^0-9]*$", re.I
)


def redact(text: str) -> str:
    """Mask the personal data in `text`. Keeps the length and is idempotent."""
    if _CANDIDATE.search(text) is None:
        return text
    # A mask can expose its neighbours; every round masks more, so the loop ends.
    while (masked := _mask_once(text)) != text:
        text = masked
    return text


_FREE = (
    *("text", "title", "channel", "language", "touchpoint"),
    *("product", "segment", "brand", "source"),
)
_free_words = attrgetter(*_FREE)


def redact_event(event: Event) -> Event:
    """Mask every string that is not an identifier, and the personal data in `attributes`.

    A number in `attributes` that is personal data becomes its mask, a string.
    """
    if _is_clean(event):
        return event
    words = zip(_FREE, _free_words(event), strict=True)
    masked = {name: redact(word) for name, word in words if word}
    attributes = _redact_json(event.attributes)
    if attributes == event.attributes and all(getattr(event, k) == masked[k] for k in masked):
        return event
    return msgspec.structs.replace(event, **masked, attributes=attributes)


def _is_clean(event: Event) -> bool:
    """Return whether one scan finds nothing that could be personal data."""
    words = [*filter(None, _free_words(event))]
    for name, value in event.attributes.items():
        words.append(name)
        if isinstance(value, str):
            words.append(value)
        elif value is not None and value >= _SHORTEST_NUMBER:
            return False
    return _CANDIDATE.search("\n".join(words)) is None


_SHORTEST_NUMBER = 10**9
"""Smallest personal number: it has ten digits."""

_KEPT = ("event_id", "customer_id", "ticket_id", "order_id", "account_id", "occurred_at")


def redact_payload(payload: bytes) -> bytes:
    """Mask arbitrary message bytes for a dead letter. Never raises.

    A JSON object stays one and keeps its ids and its time byte for byte, so that it can still be
    found. Everything that looks like personal data is masked in all other fields, known or not,
    and in other bytes; so is what a key tells to be a person's or a secret.
    """
    try:
        fields = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
        masked = {
            redact(name): value
            if name in _KEPT and not bytes(value).startswith((b"[", b"{"))
            else _masked(_JSON.decode(value), kind_of(redact(name)))
            for name, value in fields.items()
        }
        return msgspec.json.encode(masked)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return redact_bytes(payload)


def redact_bytes(payload: bytes) -> bytes:
    """Mask bytes that need not be JSON, whatever their keys. Never raises."""
    text = payload.decode("utf-8", "surrogateescape")
    return redact(with_masked_values(text)).encode("utf-8", "surrogateescape")


def _masked(value: object, kind: Kind | None = None) -> object:
    """Return a JSON value masked, under a key that tells its kind."""
    if isinstance(value, dict):
        return {
            redact(name): _masked(item, own or kind)
            for name, item, own in kinds_in({redact(n): item for n, item in value.items()})
        }
    if isinstance(value, list):
        return [_masked(item, kind) for item in value]
    if kind and isinstance(value, str | int | float | msgspec.Raw) and not isinstance(value, bool):
        literal = bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value)
        return masked_as(kind, literal) or _redact_json(value)
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        return redact(with_masked_values(value))  # JSON within JSON
    return _redact_json(value)


def _redact_json(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, int | float) and value >= _SHORTEST_NUMBER:
        return _redact_number(str(value)) or value
    if isinstance(value, list):
        return [_redact_json(item) for item in value]
    if isinstance(value, dict):
        return {redact(name): _redact_json(item) for name, item in value.items()}
    return value


def _redact_number(literal: str) -> str | None:
    """Return the mask of an integral number that is personal data; `5321234567.0` is integral."""
    digits = literal.removesuffix(".0")
    masked = redact(digits) if digits.isdigit() else digits
    return masked if masked != digits else None


# Other floats stay as written: 1e999 is valid JSON but does not fit a float.
_JSON = msgspec.json.Decoder(
    float_hook=lambda literal: _redact_number(literal) or msgspec.Raw(literal.encode())
)


def _mask_once(text: str) -> str:
    for mark, spans in _FINDERS:
        pieces: list[str] = []
        end_of_last = 0
        for start, end in spans(text):
            pieces += text[end_of_last:start], mask(mark, end - start)
            end_of_last = end
        text = "".join(pieces) + text[end_of_last:]
    return text


Spans = Iterator[tuple[int, int]]


def _emails(text: str) -> Spans:
    return (match.span() for match in _EMAIL.finditer(text)) if "@" in text else iter(())


def _ibans(text: str) -> Spans:
    end = 0
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(start[1].upper())
        if length is None or start.start() < end:
            continue
        match = _IBAN_OF_LENGTH[length].match(text, start.start())
        if match and is_iban(re.sub("[ -]", "", match[0])):
            yield match.span()
            end = match.end()


def _checked_numbers(is_valid: Callable[[str], bool], longest: int) -> Callable[[str], Spans]:
    """Return a finder of numbers that pass `is_valid`: digit groups joined by a space or dash."""

    def spans(text: str) -> Spans:
        for run in _DIGIT_GROUPS.finditer(text):
            groups = [
                (run.start() + group.start(), run.start() + group.end())
                for group in re.finditer("[0-9]+", run[0])
            ]
            first = 0
            while first < len(groups):
                digits, last_valid = "", None
                for last in range(first, len(groups)):
                    digits += text[slice(*groups[last])]
                    if len(digits) > longest:
                        break
                    if is_valid(digits):
                        last_valid = last
                if last_valid is not None:
                    yield groups[first][0], groups[last_valid][1]
                    first = last_valid
                first += 1

    return spans


def _phones(text: str) -> Spans:
    for match in _PHONE.finditer(text):
        # Bare digits may be an order number: the words before them decide.
        before = text[max(0, match.start() - 30) : match.start()]
        if match["bare"] is None or _REFERENCE.search(before) is None:
            yield match.span()


def is_turkish_id(digits: str) -> bool:
    """Return whether `digits` is a Turkish ID number (TCKN): 11 digits, two of them checks."""
    if len(digits) != 11 or digits[0] == "0":
        return False
    d = [int(digit) for digit in digits]
    tenth = (7 * sum(d[0:9:2]) - sum(d[1:8:2])) % 10
    return d[9] == tenth and d[10] == sum(d[:10]) % 10


def is_card_number(digits: str) -> bool:
    """Return whether `digits` is a card number: 13–19 digits, card prefix, Luhn (ISO 7812)."""
    if not 13 <= len(digits) <= 19 or not (digits[0] in "23456" or digits.startswith("9792")):
        return False
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[::-2])) % 10 == 0


def is_iban(characters: str) -> bool:
    """Return whether `characters` is an unspaced IBAN: country's length, mod 97 (ISO 13616)."""
    if _IBAN_LENGTHS.get(characters[:2].upper()) != len(characters):
        return False
    return int("".join(str(int(c, 36)) for c in characters[4:] + characters[:4])) % 97 == 1


_FINDERS: Final = (
    ("MAIL", _emails),
    ("IBAN", _ibans),
    ("CARD", _checked_numbers(is_card_number, longest=19)),
    ("TCKN", _checked_numbers(is_turkish_id, longest=11)),
    ("PHONE", _phones),
)
