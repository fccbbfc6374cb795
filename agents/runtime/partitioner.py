"""The partition of a key, as Java's producer chooses it: the same for every client."""

from functools import lru_cache

from aiokafka.partitioner import murmur2


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key in a topic with `partitions` of them."""
    return _hash(key) % partitions


@lru_cache(maxsize=65_536)
def _hash(key: bytes) -> int:
    hashed: int = murmur2(key)
    return hashed & 0x7FFFFFFF
