"""Simulates a company and its customers; the same seed gives the same events.

`simulate` gives a span of time, `live` an endless stream at a rate, `plan` the truth behind a span.
"""

from pipeline.sources.simulate.plan import Incident, Plan, SimulatedCustomer, plan
from pipeline.sources.simulate.stream import live, simulate

__all__ = ["Incident", "Plan", "SimulatedCustomer", "live", "plan", "simulate"]
