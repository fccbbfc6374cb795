"""The traffic of a connection for people: rates, rhythm, and the last deliveries, masked."""
