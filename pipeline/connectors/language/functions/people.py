"""Pseudonyms of people, and the addresses from which they are made."""

import hashlib
from collections.abc import Mapping

from pipeline.connectors.language.functions.function import Function, written
from pipeline.ingest.addresses import COUNTRY, PHONE, digits_of, email_addresses
from pipeline.ingest.pseudonyms import Pseudonyms


def pseudonym(value: object, *, pseudonym_key: object = None, country: object = None) -> str:
    """Return the keyed hash of a person's address: HMAC-SHA-256 in hexadecimal.

    An e-mail address is put in lower case, a phone number reduced to its digits with the country
    code, so that a person has one id however a system writes the address (docs/events.md).
    """
    if not pseudonym_key:
        raise ValueError("needs the `pseudonym_key` of the connection")
    return Pseudonyms(str(pseudonym_key), str(country or COUNTRY)).of(written(value))


def phone(value: object, *, country: object = None) -> str | None:
    """Return the digits of a phone number with country code, None for a hidden caller."""
    text = str(value).strip()
    if not PHONE.fullmatch(text):
        return None
    return digits_of(text, str(country or COUNTRY))


def email_address(value: object) -> str | None:
    """Return the address in `Elif <elif@firma.example>` in lower case, None without one."""
    return next(iter(email_addresses(str(value))), None)


def outsider(value: object, own: object) -> str | None:
    """Return the first e-mail address that is not our own; `own` has addresses or domains.

    The value is a header of a mail, or several.
    """
    texts = value if isinstance(value, list) else [value]
    ours = {str(one).lower() for one in (own if isinstance(own, list) else [own])}
    addresses = (address for text in texts for address in email_addresses(str(text)))
    return next((one for one in addresses if not ours & {one, one.rpartition("@")[2]}), None)


def digest(value: object) -> str:
    """Return half of the SHA-256 of an id that may contain an address, as Message-Ids do."""
    return hashlib.sha256(str(value).encode()).hexdigest()[:32]


FUNCTIONS: Mapping[str, Function] = {
    "pseudonym": Function(pseudonym, range(1), ("pseudonym_key", "country"), ("pseudonym_key",)),
    "phone": Function(phone, range(1), ("country",)),
    "email_address": Function(email_address),
    "outsider": Function(outsider, range(1, 2)),
    "digest": Function(digest),
}
