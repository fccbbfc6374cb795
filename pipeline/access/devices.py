"""Device cookies: attempts from a browser with an earlier login are counted separately.

So guessing a user's password does not lock that user out (OWASP, "Slow Down Online Guessing Attacks
with Device Cookies"). The seal is keyed with a secret of the server about that user: the password's
hash, so that a changed password ends it, and a restart does not.
"""

import hashlib
import hmac
import re
import secrets

DEVICE_COOKIE = "nabiz_device"
LASTS = 180 * 86_400
"""Seconds for which a browser keeps the cookie after a login."""
NAMES = 8
"""Users remembered by one browser; the least recent login is dropped first."""

_COOKIE = re.compile(r"[\w-]{22}(\.[0-9a-f]{64})+", re.ASCII)


def device_cookie(name: str, key: bytes, before: str = "") -> str:
    """Return the cookie after a login of `name`, in a browser that had the cookie `before`."""
    if not _COOKIE.fullmatch(before):
        before = secrets.token_urlsafe(16)
    device, *others = before.split(".")
    mine = _seal(device, name, key)
    seals = [mine, *(seal for seal in others if seal != mine)]
    return ".".join([device, *seals[:NAMES]])


def device_of(value: str, name: str, key: bytes) -> str | None:
    """Return the id of a browser in which `name` has logged in, or None."""
    device, *seals = value.split(".")
    mine = _seal(device, name, key).encode()
    known = [hmac.compare_digest(seal.encode(), mine) for seal in seals[:NAMES]]
    return f"{device}/{name}" if any(known) else None


def _seal(device: str, name: str, key: bytes) -> str:
    return hmac.new(key, f"{device}/{name}".encode(), hashlib.sha256).hexdigest()
