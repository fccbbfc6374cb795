"""How messages become batches."""

from typing import NamedTuple


class Batching(NamedTuple):
    """One poll brings up to `fetch` messages, a batch has about `size`.

    `within` is how many more seconds a batch may wait to fill: latency for fewer, larger batches.
    """

    fetch: int
    size: int
    within: float = 0.0
