"""From events to alerts: rules, and the fold of each customer's events into risk and episodes."""
