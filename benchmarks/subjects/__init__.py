"""What is measured: programs that read a topic until they are stopped."""

from pipeline.contracts.topology import GROUPS, OF_EVENTS, group_of

READERS = {group_of(role): GROUPS[group_of(role)] for role in OF_EVENTS}
"""Consumer groups of the roles that events pass through, with their topics: those that run."""

FORWARDED = "bench.forwarded"
PLAIN_STATES = "bench.plain-states"
HOP = "bench.hop"
"""Topics that only the baselines and peers use."""
