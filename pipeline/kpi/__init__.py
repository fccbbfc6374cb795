"""KPIs: definitions, estimates, journeys."""
