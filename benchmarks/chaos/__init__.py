"""Crash tests: roles under load while servers and processes fail, against an undisturbed run."""
