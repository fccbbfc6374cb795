"""What is measured: programs that read a topic until they are stopped."""

FORWARDED = "bench.forwarded"
PLAIN_STATES = "bench.plain-states"
HOP = "bench.hop"
"""Topics that only the baselines and peers use."""
