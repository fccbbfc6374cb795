"""Simulates a company and its customers; the same seed gives the same events.

`simulate` gives a span of time, `simulate_with_truth` what is true of it besides, `live` an endless
stream at a rate, `plan` the customers and incidents of a span.
"""

from pipeline.sources.simulate.plan import Incident, Plan, SimulatedCustomer, plan
from pipeline.sources.simulate.stream import live, simulate, simulate_with_truth
from pipeline.sources.simulate.truth import Expectation, Truth

__all__ = [
    "Expectation",
    "Incident",
    "Plan",
    "SimulatedCustomer",
    "Truth",
    "live",
    "plan",
    "simulate",
    "simulate_with_truth",
]
