"""Crash tests: the roles under load while servers and processes fail, compared with a quiet run."""
