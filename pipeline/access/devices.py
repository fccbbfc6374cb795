"""Browsers from which somebody has logged in before: their attempts are counted apart.

So whoever guesses at a name makes nobody wait who has logged in as it (OWASP, "Slow Down Online
Guessing Attacks with Device Cookies"). The seal of such a cookie is keyed with what is known here
alone of that name: for a password its hash, so that another password ends it, and a restart does
not.
"""

import hashlib
import hmac
import re
import secrets

DEVICE_COOKIE = "nabiz_device"
LASTS = 180 * 86_400
"""Seconds that a browser keeps the cookie after a login."""
NAMES = 8
"""People who share a browser; the one who logged in longest ago makes room."""

_COOKIE = re.compile(r"[\w-]{22}(\.[0-9a-f]{64})+", re.ASCII)


def device_cookie(name: str, key: bytes, before: str = "") -> str:
    """Return the cookie for a browser in which `name` has logged in, and which had `before`."""
    if not _COOKIE.fullmatch(before):
        before = secrets.token_urlsafe(16)
    device, *others = before.split(".")
    mine = _seal(device, name, key)
    seals = [mine, *(seal for seal in others if seal != mine)]
    return ".".join([device, *seals[:NAMES]])


def device_of(value: str, name: str, key: bytes) -> str | None:
    """Return which browser this is to `name`, if they have logged in there; else None."""
    device, *seals = value.split(".")
    mine = _seal(device, name, key).encode()
    known = [hmac.compare_digest(seal.encode(), mine) for seal in seals[:NAMES]]
    return f"{device}/{name}" if any(known) else None


def _seal(device: str, name: str, key: bytes) -> str:
    return hmac.new(key, f"{device}/{name}".encode(), hashlib.sha256).hexdigest()
