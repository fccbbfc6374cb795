"""Keyed hashes: what some systems want of a challenge."""

import base64
import hmac as keyed
from collections.abc import Mapping

from pipeline.connectors.functions.function import Function

DIGESTS = ("sha1", "sha256", "sha512")


def hmac(value: object, key: object, digest: str = "sha256", encoding: str = "base64") -> str:
    """Return the HMAC of a text, in `base64` or `hex`; of several keys the first one does it."""
    first = key[0] if isinstance(key, list) and key else key
    if not isinstance(first, str) or not first:
        raise ValueError("needs a key: the setting is not set")
    if digest not in DIGESTS or encoding not in ("base64", "hex"):
        raise ValueError(f"needs one of {', '.join(DIGESTS)}, and `base64` or `hex`")
    result = keyed.digest(first.encode(), str(value).encode(), digest)
    return result.hex() if encoding == "hex" else base64.b64encode(result).decode()


FUNCTIONS: Mapping[str, Function] = {"hmac": Function(hmac, range(1, 4))}
