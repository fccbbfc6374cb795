"""Which part of the code a sample of a profile counts for."""

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
"""What a stack is in: its innermost frame that is in one of these folders or files."""
OTHER = "event loops, threads"


def shares(stacks: Iterable[str]) -> dict[str, float]:
    """Return the share of samples in each layer, the largest first."""
    counts: Counter[str] = Counter()
    for line in stacks:
        frames, _, seen = line.rpartition(" ")
        counts[layer_of(frames.split(";"))] += int(seen)
    return {layer: count / counts.total() for layer, count in counts.most_common()}


def layer_of(frames: list[str]) -> str:
    """Return what the innermost frame is in that is in any layer."""
    for frame in reversed(frames):
        for layer, places in LAYERS.items():
            if any(f"({place}" in frame for place in places):
                return layer
    return OTHER
