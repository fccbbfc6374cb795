"""Passwords are kept as argon2id hashes (RFC 9106, its second recommended parameters)."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 1_024
"""Characters of a password: the least that is safe, the most that is worth hashing."""


class Passwords:
    """Hashes and checks passwords. One check takes some 0.1 s and 64 MiB, on purpose."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self.decoy = self._hasher.hash("nobody has this password")
        """What an unknown user's password is checked against: it takes as long as a known one's."""

    def hash(self, password: str) -> str:
        """Return the hash to keep, with its salt and parameters in it."""
        return self._hasher.hash(_one_form(password))

    def fits(self, kept: str, password: str) -> bool:
        """Return whether this is the password of the hash."""
        try:
            return self._hasher.verify(kept, _one_form(password))
        except (VerificationError, InvalidHashError):
            return False


def _one_form(password: str) -> str:
    """Keyboards differ in how they send ş or ü; what is too long to be a password is none."""
    return unicodedata.normalize("NFC", password) if len(password) <= LONGEST else ""
