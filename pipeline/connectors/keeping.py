"""What is kept of a delivery: what events are made of, and not what proves who sent it."""

from urllib.parse import unquote_plus

import msgspec

from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.ingest.telling_keys import kind_of

OF_BODY = frozenset({"content-type", "content-encoding"})
"""Headers that say how the body is to be read."""


def kept(delivery: Delivery, mapping: Mapping) -> Delivery:
    """Return a delivery without the headers and parameters that mapping it does not need.

    The body stays as it came.
    """
    names = (mapping.headers | OF_BODY) & delivery.headers.keys()
    headers = {name: delivery.headers[name] for name in names}
    return msgspec.structs.replace(delivery, url=_kept_url(delivery.url, mapping), headers=headers)


def _kept_url(url: str, mapping: Mapping) -> str:
    path, mark, query = url.partition("?")
    if not query:
        return path
    kept = "&".join(part for part in query.split("&") if _is_kept(part, mapping))
    return path + mark + kept if kept else path


def _is_kept(parameter: str, mapping: Mapping) -> bool:
    """Return whether events are made of a parameter, or it may not prove anything."""
    name = unquote_plus(parameter.partition("=")[0])
    proves = any(path.root == "query" and name in path.keys for path in mapping.gate.proofs)
    return name in mapping.query or not (proves or kind_of(name) == "secret")
