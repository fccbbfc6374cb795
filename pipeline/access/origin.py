"""Detects requests from other sites, against CSRF and DNS rebinding.

Unsafe requests are judged by Sec-Fetch-Site and Origin, which browsers set and pages cannot, like
Go's net/http.CrossOriginProtection. This also protects an installation without login, where no
cookie can carry a token, yet any web page can make a browser on this machine send a request.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def host_name(host: str) -> str:
    """Return the name in a header Host without its port; "" if it is invalid."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def from_elsewhere(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether an unsafe request was made by a page of another origin.

    A request without either header comes from a program; current browsers send them.
    """
    if method in SAFE_METHODS:
        return False
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    if origin := headers.get("origin"):
        try:
            return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        except ValueError:
            return True
    return False
