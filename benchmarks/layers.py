"""Assigns samples of a profile to parts of the code."""

from collections import Counter
from collections.abc import Iterable

LAYERS = {
    "reading texts": ("pipeline/text/", "pipeline/ingest/privacy.py"),
    "states and rules": ("pipeline/detection/",),
    "states on disk": ("agents/runtime/state_store.py",),
    "rows, store": ("pipeline/store/", "clickhouse_driver/"),
    "decoding": ("pipeline/ingest/decode.py",),
    "messages in and out": ("agents/",),
    "Kafka client": ("aiokafka/",),
    "Faust": ("faust/", "mode/"),
}
"""Folders and files by layer; a stack belongs to that of its innermost frame in any of them."""
OTHER = "event loops, threads"


def shares(stacks: Iterable[str]) -> dict[str, float]:
    """Return the share of samples in each layer, largest first."""
    counts: Counter[str] = Counter()
    for line in stacks:
        frames, _, seen = line.rpartition(" ")
        counts[layer_of(frames.split(";"))] += int(seen)
    return {layer: count / counts.total() for layer, count in counts.most_common()}


def layer_of(frames: list[str]) -> str:
    """Return the layer of the innermost frame that belongs to any."""
    for frame in reversed(frames):
        for layer, places in LAYERS.items():
            if any(f"({place}" in frame for place in places):
                return layer
    return OTHER
