"""Simulated customers with a habit, and how well changes of it are told."""
