"""Seals deliveries, so that `cx.received` is readable with the key only."""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.config.settings import Settings, SettingsError
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.local_key import LOCAL_KEY
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.sealed import Sealed

SHORTEST_KEY: Final = 32
"""Characters of a key; 32 random bytes in base64 have 44."""
_NONCE_BYTES: Final = 12


class Seal:
    """Seals deliveries with the first of several keys, and opens those sealed with any of them.

    Each day has its own key, derived from the given one: with random nonces a key of AES-GCM is
    good for 2³² messages (NIST SP 800-38D, 8.3).
    """

    def __init__(self, keys: Iterable[str], random: Callable[[int], bytes] = os.urandom) -> None:
        """Take the keys, at least one. `random` makes the nonces."""
        self._keys = {_id(key): key.encode() for key in keys}
        self.name = next(iter(self._keys))
        """The name of the first key, as in messages."""
        self._random = random
        self._cipher = lru_cache(maxsize=64)(self._cipher_of)

    def sealed(self, delivery: Delivery) -> bytes:
        """Return the message of a delivery."""
        cipher = self._cipher(self.name, delivery.received_at.date())
        nonce = self._random(_NONCE_BYTES)
        about = _about(delivery.connection, delivery.received_at, self.name)
        content = nonce + cipher.encrypt(nonce, msgspec.msgpack.encode(delivery), about)
        sealed = Sealed(delivery.connection, delivery.received_at, self.name, content)
        return msgspec.json.encode(sealed)

    def opened(self, value: bytes) -> Delivery:
        """Return the delivery of a message. Raises Invalid."""
        try:
            sealed = msgspec.json.decode(value, type=Sealed)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid(Reason.NOT_JSON, "The message is no sealed delivery.") from None
        if sealed.key not in self._keys:
            raise Invalid(
                Reason.WRONG_TYPE,
                f"The delivery was sealed with the key {sealed.key:.20}, which is none of "
                "NABIZ_CONNECTORS_KEY: add that key behind the first.",
            )
        cipher = self._cipher(sealed.key, sealed.received_at.date())
        nonce, content = sealed.sealed[:_NONCE_BYTES], sealed.sealed[_NONCE_BYTES:]
        about = _about(sealed.connection, sealed.received_at, sealed.key)
        try:
            plain = cipher.decrypt(nonce, content, about)
            return msgspec.msgpack.decode(plain, type=Delivery)
        except (InvalidTag, ValueError):  # also a nonce or a content that is too short
            raise Invalid(Reason.WRONG_TYPE, "The sealed delivery was changed.") from None

    def _cipher_of(self, key: str, day: date) -> AESGCM:
        return AESGCM(hmac.digest(self._keys[key], f"nabiz {day}".encode(), "sha256"))


def open_seal(settings: Settings) -> Seal:
    """Return the seal with the configured keys or the data folder's. Raises SettingsError."""
    text = settings.connectors.key.get_secret_value()
    local = settings.data / LOCAL_KEY
    if not text and local.exists():
        try:
            text = local.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise SettingsError(f"{local} cannot be read: {error}") from None
    keys = text.split()
    if not keys:
        raise SettingsError(
            "NABIZ_CONNECTORS_KEY_FILE: must name a file with the key that seals deliveries, the "
            "same for receive and translate; make one: openssl rand -base64 32"
        )
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise SettingsError(
            f"NABIZ_CONNECTORS_KEY: each key must have at least {SHORTEST_KEY} characters, chosen "
            "at random: openssl rand -base64 32"
        )
    return Seal(keys)


def _id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def _about(connection: str, received_at: datetime, key: str) -> bytes:
    return f"{connection}\n{received_at.isoformat()}\n{key}".encode()
