"""Generates fictitious personal data with valid check digits."""

from collections.abc import Callable
from random import Random

_TR = "2927"
"""Numeric values of the letters TR (ISO 13616)."""


def _digits(rng: Random, count: int) -> str:
    return str(rng.randrange(10**count)).zfill(count)


def turkish_id(rng: Random) -> str:
    """Return a Turkish ID number: 11 digits, of which two are check digits."""
    first = [rng.randrange(1, 10), *(rng.randrange(10) for _ in range(8))]
    tenth = (7 * sum(first[0::2]) - sum(first[1::2])) % 10
    return "".join(map(str, [*first, tenth, (sum(first) + tenth) % 10]))


def iban(rng: Random) -> str:
    """Return a Turkish IBAN in groups of four (ISO 13616, modulo 97)."""
    account = "00" + _digits(rng, 3) + "0" + _digits(rng, 16)
    check = 98 - int(account + _TR + "00") % 97
    whole = f"TR{check:02}{account}"
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def card(rng: Random) -> str:
    """Return a 16-digit card number with a valid Luhn digit."""
    body = rng.choice("45") + _digits(rng, 14)
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in body[0::2])
    check = -(doubled + sum(map(int, body[1::2]))) % 10
    return f"{body}{check}"


def phone(rng: Random) -> str:
    """Return a Turkish mobile number."""
    return f"05{rng.randrange(30, 60)} {_digits(rng, 3)} {_digits(rng, 2)} {_digits(rng, 2)}"


def email(rng: Random) -> str:
    """Return an address in a domain that is reserved for examples."""
    return f"musteri{_digits(rng, 5)}@example.com"


FAKES: dict[str, Callable[[Random], str]] = {
    "tckn": turkish_id,
    "iban": iban,
    "card": card,
    "phone": phone,
    "email": email,
}
"""Generators by their name in `texts.yaml`."""
