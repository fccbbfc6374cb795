"""A whole company with its customers, made up from a seed: the same seed gives the same events.

`simulate` gives a span of time, `live` an endless stream at a rate, `plan` the truth behind a span.
"""

from pipeline.sources.simulate.plan import Customer, Incident, Plan, plan
from pipeline.sources.simulate.stream import live, simulate

__all__ = ["Customer", "Incident", "Plan", "live", "plan", "simulate"]
