"""The programs to measure, which consume a topic until they are stopped."""

from pipeline.contracts.topology import GROUPS, OF_EVENTS, group_of

READERS = {group_of(role): GROUPS[group_of(role)] for role in OF_EVENTS}
"""Consumer groups of the running roles, on the path of events, with their topics."""

FORWARDED = "bench.forwarded"
PLAIN_STATES = "bench.plain-states"
HOP = "bench.hop"
"""The topic that only baselines and peers use."""
