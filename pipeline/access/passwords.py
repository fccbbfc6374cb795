"""Hashes passwords with argon2id (RFC 9106, second recommended parameters)."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 1_024
"""Fewest and most characters of a password."""


class Passwords:
    """Hashes and checks passwords. A check deliberately takes some 0.1 s and 64 MiB."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self.decoy = self._hasher.hash("nobody has this password")
        """The hash that an unknown user's password is checked against, for equal time."""

    def hash(self, password: str) -> str:
        """Return the hash, which includes salt and parameters."""
        return self._hasher.hash(_one_form(password))

    def fits(self, hashed: str, password: str) -> bool:
        """Return whether the hash is of this password."""
        try:
            return self._hasher.verify(hashed, _one_form(password))
        except (VerificationError, InvalidHashError):
            return False


def _one_form(password: str) -> str:
    """Normalize, since keyboards differ in how they send ş or ü; too long a password is empty."""
    return unicodedata.normalize("NFC", password) if len(password) <= LONGEST else ""
