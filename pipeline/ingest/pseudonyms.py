"""Ids in place of the addresses of people: their keyed hashes."""

import hashlib
import hmac
import re
from typing import NamedTuple

import msgspec
import phonenumbers

from pipeline.ingest.addresses import COUNTRY, normalised
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event

IDS = ("customer_id", "ticket_id", "order_id", "account_id")
"""Fields that must not be the address of a person, beside `event_id`."""

_BETWEEN = r"[ \u00a0().\-/]{0,4}"
"""What people write between the digits of a phone number."""
_EMAIL = re.compile(r"(?<![^\s:/@])[^\s:/@]+@[^\s:/@]+\.[^\s:/@]+")
_NUMBER = re.compile(
    rf"""
      \+\d(?:{_BETWEEN}\d){{7,14}}
    | [09](?<![^\W_].)(?<!\d\.\d)  # within no word and no fraction
      (?:(?<=9)0{_BETWEEN}0?|(?<=0)(?:090{_BETWEEN}0?)?){_BETWEEN}  # 90, 0, 0090
      (?P<national>[2-58]\d\d{_BETWEEN}\d{{3}}{_BETWEEN}(?:\d\d{_BETWEEN}\d\d|\d{_BETWEEN}\d{{3}}))
      (?![^\W_])
    """,
    re.VERBOSE,
)
"""Phone numbers with a plus, and those of Turkey as they are dialled there."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""A part of one may look like a number."""
_OF_NOBODY = re.compile(r"[^\W\d]\S*:|\D*")
"""What may be before an address without telling of anything: `whatsapp:`, `tel-`."""


class Pseudonyms(NamedTuple):
    """Makes ids of addresses with a key; `country` is that of numbers without a prefix."""

    key: str = ""
    country: str = COUNTRY

    def of(self, address: str) -> str:
        """Return the keyed hash of an address, the same however it is written."""
        return self._hash(normalised(address, self.country))

    def id_of(self, name: str, value: str) -> str:
        """Return an id: one with the address of a person becomes a keyed hash. Raises Invalid."""
        if (address := address_in(value)) is None:
            return value
        self._demand_key(name)
        before, _, after = value.partition(address)
        if after or not _OF_NOBODY.fullmatch(before):
            return self._hash(value)
        return self.of(address)

    def event_id_of(self, value: str, scope: str = "") -> str:
        """Return the id of an event as `id_of` does, hashed whole: nobody is found by it.

        `scope` goes before the hash. Raises Invalid.
        """
        if address_in(value) is None:
            return value
        self._demand_key("event_id")
        return scope + self._hash(value)

    def without_addresses(self, event: Event) -> Event:
        """Return the event with no address of a person as an id. Raises Invalid."""
        named = {name: value for name in IDS if (value := getattr(event, name))}
        ids = {name: self.id_of(name, value) for name, value in named.items()}
        event_id = self.event_id_of(event.event_id)
        if event_id == event.event_id and ids == named:
            return event
        return msgspec.structs.replace(event, event_id=event_id, **ids)

    def _hash(self, text: str) -> str:
        return hmac.new(self.key.encode(), text.encode(), hashlib.sha256).hexdigest()

    def _demand_key(self, name: str) -> None:
        if not self.key:
            raise Invalid(
                Reason.WRONG_TYPE,
                f"`{name}` is the address of a person, which is no id: so that its keyed hash "
                "becomes one, set `pseudonym_key_file` at the top of connections.yaml.",
            )


WITHOUT_KEY = Pseudonyms()
"""Refuses what is an address."""


def address_in(value: str) -> str | None:
    """Return the first address of a person in an id, None where there is none."""
    if "@" in value and (email := _EMAIL.search(value)):
        return email[0]
    for found in _NUMBER.finditer(value):
        national = found["national"]
        if national is None or (_is_dialled(national) and not _of_uuid(found)):
            return found[0]
    return None


def _of_uuid(found: re.Match[str]) -> bool:
    start = found.start()
    near = _UUID.finditer(found.string, max(0, start - 35), start + 36)
    return any(uuid.start() <= start < uuid.end() for uuid in near)


def _is_dialled(national: str) -> bool:
    """Return whether such a number is given to people in Turkey; mobile ones all may be."""
    digits = re.sub(r"\D", "", national)
    return digits.startswith("5") or phonenumbers.is_valid_number(
        phonenumbers.parse(f"+90{digits}")
    )
