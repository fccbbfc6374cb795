"""The one way to write an address of a person: an e-mail address, a phone number."""

import re
from email.utils import getaddresses

import phonenumbers

COUNTRY = "TR"
"""Where a phone number without a country's prefix is from, unless somebody says."""

PHONE = re.compile(r"[+(\d][\d\s()./-]{5,30}")
"""What is written as phone numbers are."""
_ONE_ADDRESS = re.compile(r"(?:[^\"<>@,;:()\\]*<)?([^\s\"<>@,;:()\\]+@[^\s\"<>@,;:()\\]+)>?\s*")


def normalised(address: str, country: str = COUNTRY) -> str:
    """Return the one way to write an address of a person."""
    address = address.strip()
    if "@" in address:
        return next(iter(email_addresses(address)), address.lower())
    if PHONE.fullmatch(address):
        return digits_of(address, country)
    return address.lower()


def digits_of(phone: str, country: str = COUNTRY) -> str:
    """Return the digits of a phone number with its country's prefix: 905321234567."""
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


def email_addresses(header: str) -> list[str]:
    """Return the e-mail addresses of a header, in lower case."""
    if one := _ONE_ADDRESS.fullmatch(header):  # most often, and much sooner told
        return [one[1].lower()]
    return [one.lower() for _, one in getaddresses([header]) if _ONE_ADDRESS.fullmatch(one)]
