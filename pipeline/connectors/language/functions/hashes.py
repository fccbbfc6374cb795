"""Keyed hashes of challenges, as some systems expect them."""

import base64
import hmac as keyed
import re
from collections.abc import Mapping

from pipeline.connectors.language.functions.function import Function

DIGESTS = ("sha1", "sha256", "sha512")
_TOKEN = re.compile(r"[\w.+/-]{1,256}={0,2}")


def hmac(value: object, key: object, digest: str = "sha256", encoding: str = "base64") -> str:
    """Return the HMAC of a token, in `base64` or `hex`, with the first of several keys.

    Anybody may ask for it, and deliveries may be signed with the same key: so a text that could be
    a body, JSON or a form, is not hashed.
    """
    if not _TOKEN.fullmatch(str(value)):
        raise ValueError("is no token to be hashed")
    first = key[0] if isinstance(key, list) and key else key
    if not isinstance(first, str) or not first:
        raise ValueError("needs a key: the setting is not set")
    if digest not in DIGESTS or encoding not in ("base64", "hex"):
        raise ValueError(f"needs one of {', '.join(DIGESTS)}, and `base64` or `hex`")
    result = keyed.digest(first.encode(), str(value).encode(), digest)
    return result.hex() if encoding == "hex" else base64.b64encode(result).decode()


FUNCTIONS: Mapping[str, Function] = {"hmac": Function(hmac, range(1, 4))}
