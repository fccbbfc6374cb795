"""Browsers from which somebody has logged in before: their attempts are counted apart.

So whoever guesses at a name makes nobody wait who has logged in as it (OWASP, "Slow Down Online
Guessing Attacks with Device Cookies"). The seal of such a cookie is keyed with what is known here
alone of that name: for a password its hash, so that another password ends it, and a restart does
not.
"""

import hashlib
import hmac
import secrets

DEVICE_COOKIE = "nabiz_device"
LASTS = 180 * 86_400
"""Seconds that a browser keeps the cookie after a login."""


def device_cookie(name: str, key: bytes) -> str:
    """Return a new cookie for the browser in which `name` has logged in."""
    device = secrets.token_urlsafe(16)
    return f"{device}.{_seal(device, name, key)}"


def device_of(value: str, name: str, key: bytes) -> str | None:
    """Return which browser this is, if `name` has logged in there; else None."""
    device, _, seal = value.partition(".")
    fits = hmac.compare_digest(seal.encode(), _seal(device, name, key).encode())
    return device if fits else None


def _seal(device: str, name: str, key: bytes) -> str:
    return hmac.new(key, f"{device}/{name}".encode(), hashlib.sha256).hexdigest()
