"""Whether a request is from a page of ours: against forged requests and rebound host names.

Unsafe requests are judged by Sec-Fetch-Site and Origin, which browsers set and pages cannot, as
Go's net/http.CrossOriginProtection does. This also guards a Nabız without login: there is no cookie
to bind a token to, yet any web page can make a browser on this machine send it a request.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def host_name(host: str) -> str:
    """Return the name in a header Host, without its port; "" where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def from_elsewhere(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether this is a request that changes something, made by a page of another origin.

    One without either header is from no browser of this decade: a program, which no page steers.
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
