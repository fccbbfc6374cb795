"""Measures alerts against the known truth of a simulated company."""
