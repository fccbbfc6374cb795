"""What came of a connection, as people see it: rates, rhythm, and the last deliveries, masked."""
