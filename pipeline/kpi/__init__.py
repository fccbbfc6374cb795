"""KPIs: definitions, estimates, and the facts of customer journeys."""
