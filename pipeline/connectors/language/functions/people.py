"""Pseudonyms of people, and the addresses from which they are made."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from email.utils import getaddresses

import phonenumbers

from pipeline.connectors.language.functions.function import Function, written

COUNTRY = "TR"
"""Default region of phone numbers without a country code."""

_ONE_ADDRESS = re.compile(r"(?:[^\"<>@,;:()\\]*<)?([^\s\"<>@,;:()\\]+@[^\s\"<>@,;:()\\]+)>?\s*")
_PHONE = re.compile(r"[+(\d][\d\s()./-]{5,24}")


def pseudonym(value: object, *, pseudonym_key: object = None, country: object = None) -> str:
    """Return the keyed hash of a person's address: HMAC-SHA-256 in hexadecimal.

    An e-mail address is put in lower case, a phone number reduced to its digits with the country
    code, so that a person has one id however a system writes the address (docs/events.md).
    """
    if not pseudonym_key:
        raise ValueError("needs the `pseudonym_key` of the connection")
    address = normalised(written(value), str(country or COUNTRY))
    return hmac.new(str(pseudonym_key).encode(), address.encode(), hashlib.sha256).hexdigest()


def normalised(address: str, country: str = COUNTRY) -> str:
    """Return the canonical form of a person's address."""
    address = address.strip()
    if "@" in address:
        return email_address(address) or address.lower()
    if _PHONE.fullmatch(address):
        return digits_of(address, country)
    return address.lower()


def digits_of(phone: str, country: str = COUNTRY) -> str:
    """Return the digits of a phone number with its country code: 905321234567."""
    digits = re.sub(r"\D", "", phone)
    international = phone.startswith("+")
    for text, region in ((phone, country), (f"+{digits}", None)):
        if international and region:
            text, region = f"+{digits}", None
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    return digits.removeprefix("00")


def phone(value: object, *, country: object = None) -> str | None:
    """Return the digits of a phone number with country code, None for a hidden caller."""
    text = str(value).strip()
    if not _PHONE.fullmatch(text):
        return None
    return digits_of(text, str(country or COUNTRY))


def email_address(value: object) -> str | None:
    """Return the address in `Elif <elif@firma.example>` in lower case, None without one."""
    return next(iter(_addresses(str(value))), None)


def outsider(value: object, own: object) -> str | None:
    """Return the first e-mail address that is not our own; `own` has addresses or domains.

    The value is a header of a mail, or several.
    """
    texts = value if isinstance(value, list) else [value]
    ours = {str(one).lower() for one in (own if isinstance(own, list) else [own])}
    addresses = (address for text in texts for address in _addresses(str(text)))
    return next((one for one in addresses if not ours & {one, one.rpartition("@")[2]}), None)


def _addresses(header: str) -> list[str]:
    """Return the e-mail addresses of a header, in lower case."""
    if one := _ONE_ADDRESS.fullmatch(header):  # most often, and much sooner told
        return [one[1].lower()]
    return [one.lower() for _, one in getaddresses([header]) if _ONE_ADDRESS.fullmatch(one)]


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
