"""Who leaves, what showed it before, and a model fitted to both; pure functions."""
